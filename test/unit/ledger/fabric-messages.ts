import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { headerHash } from '../../../gateway/src/ledger/chain.ts';

/** A composite key as fabric-shim makes it. */
export function compositeKey(objectType: string, ...attributes: string[]): string {
  return `\0${[objectType, ...attributes].map((part) => `${part}\0`).join('')}`;
}

export interface EnvelopeParts {
  id?: string;
  type?: number;
  time?: Date;
  result?: string;
  /** namespace -> key -> value; undefined deletes */
  writes?: Record<string, Record<string, string | undefined>>;
}

/** An envelope as a Fabric client submits it, without signatures. */
export function envelope(parts: EnvelopeParts = {}): common.Envelope {
  const channel = new common.ChannelHeader();
  channel.setType((parts.type ?? common.HeaderType.ENDORSER_TRANSACTION) as 3);
  channel.setChannelId('records');
  channel.setTxId(parts.id ?? 'ab'.repeat(32));
  channel.setTimestamp(Timestamp.fromDate(parts.time ?? new Date('2026-03-01T10:00:00.123Z')));
  const header = new common.Header();
  header.setChannelHeader(channel.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction(parts).serializeBinary());
  const whole = new common.Envelope();
  whole.setPayload(payload.serializeBinary());
  return whole;
}

function transaction({ result = '{}', writes = {} }: EnvelopeParts): peer.Transaction {
  const sets = new ledger.rwset.TxReadWriteSet();
  for (const [namespace, keys] of Object.entries(writes)) {
    const written = new ledger.rwset.kvrwset.KVRWSet();
    for (const [key, value] of Object.entries(keys)) {
      const write = new ledger.rwset.kvrwset.KVWrite();
      write.setKey(key);
      if (value === undefined) write.setIsDelete(true);
      else write.setValue(Buffer.from(value));
      written.addWrites(write);
    }
    const set = new ledger.rwset.NsReadWriteSet();
    set.setNamespace(namespace);
    set.setRwset(written.serializeBinary());
    sets.addNsRwset(set);
  }
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(Buffer.from(result));
  const chaincode = new peer.ChaincodeAction();
  chaincode.setResults(sets.serializeBinary());
  chaincode.setResponse(response);
  const proposalResponse = new peer.ProposalResponsePayload();
  proposalResponse.setExtension$(chaincode.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(proposalResponse.serializeBinary());
  const payload = new peer.ChaincodeActionPayload();
  payload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setPayload(payload.serializeBinary());
  const whole = new peer.Transaction();
  whole.addActions(action);
  return whole;
}

/** A block with its data hash made and a validation code per envelope. */
export function block(
  number: number,
  previousHash: Uint8Array,
  envelopes: (common.Envelope | Uint8Array)[] = [],
  codes: number[] = envelopes.map(() => 0),
): common.Block {
  const bytes = envelopes.map((one) => (one instanceof Uint8Array ? one : one.serializeBinary()));
  const data = new common.BlockData();
  data.setDataList(bytes);
  const header = new common.BlockHeader();
  header.setNumber(number);
  header.setPreviousHash(previousHash);
  header.setDataHash(createHash('sha256').update(Buffer.concat(bytes)).digest());
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([new Uint8Array(), new Uint8Array(), Uint8Array.from(codes)]);
  const whole = new common.Block();
  whole.setHeader(header);
  whole.setData(data);
  whole.setMetadata(metadata);
  return common.Block.deserializeBinary(whole.serializeBinary());
}

/** Blocks from number 0 on, each following the one before, one envelope each. */
export function chainOf(envelopes: common.Envelope[]): common.Block[] {
  let previous: Uint8Array = new Uint8Array();
  return envelopes.map((one, number) => {
    const made = block(number, previous, [one]);
    previous = headerHash(number, previous, made.getHeader()?.getDataHash_asU8() ?? new Uint8Array());
    return made;
  });
}
