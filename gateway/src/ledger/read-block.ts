import { instantAt } from '@chartkey/vocabulary';
import { StatusCode } from '@hyperledger/fabric-gateway';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { BlockBroken } from './chain.ts';
import type { LedgerBlock, LedgerTransaction, LedgerWrite } from './ledger.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What every envelope says of itself, whatever it carries. */
interface Envelope {
  type: number;
  id: string;
  time: string;
  data: Uint8Array;
}

function openEnvelope(bytes: Uint8Array): Envelope {
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader();
  if (!header) throw new TypeError('the envelope has no header');
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const timestamp = channel.getTimestamp();
  const seconds = timestamp?.getSeconds() ?? 0;
  const milliseconds = Math.floor((timestamp?.getNanos() ?? 0) / 1e6);
  return {
    type: channel.getType(),
    id: channel.getTxId(),
    time: instantAt(seconds * 1000 + milliseconds),
    data: payload.getData_asU8(),
  };
}

/**
 * Takes a composite key apart (`\0type\0attribute\0…`, fabric-shim's createCompositeKey). Fabric's own
 * keys, like the one that marks an initialised chaincode, are none: undefined.
 */
export function splitCompositeKey(key: string): { objectType: string; attributes: string[] } | undefined {
  if (key.length < 2 || !key.startsWith('\0') || !key.endsWith('\0')) return undefined;
  const [objectType = '', ...attributes] = key.slice(1, -1).split('\0');
  return objectType === '' ? undefined : { objectType, attributes };
}

function writesOf(data: Uint8Array, namespace: string): LedgerWrite[] {
  const writes: LedgerWrite[] = [];
  for (const action of peer.Transaction.deserializeBinary(data).getActionsList()) {
    const payload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    const endorsed = payload.getAction();
    if (!endorsed) throw new TypeError('a transaction’s action was not endorsed');
    const response = peer.ProposalResponsePayload.deserializeBinary(
      endorsed.getProposalResponsePayload_asU8(),
    );
    const chaincode = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(chaincode.getResults_asU8());
    for (const set of sets.getNsRwsetList()) {
      if (set.getNamespace() !== namespace) continue;
      const keys = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
      for (const write of keys.getWritesList()) {
        const key = splitCompositeKey(write.getKey());
        if (!key) continue;
        const value = write.getIsDelete() ? undefined : JSON.parse(utf8.decode(write.getValue_asU8()));
        writes.push({ ...key, value });
      }
    }
  }
  return writes;
}

function readTransaction(
  bytes: Uint8Array,
  valid: boolean,
  namespace: string,
): LedgerTransaction | undefined {
  let envelope: Envelope;
  try {
    envelope = openEnvelope(bytes);
  } catch (error) {
    // Anybody may get garbage ordered; peers flag it invalid, and it has no id to speak of.
    if (!valid) return undefined;
    throw error;
  }
  if (envelope.type !== common.HeaderType.ENDORSER_TRANSACTION) return undefined;
  const { id, time } = envelope;
  return { id, valid, time, writes: valid ? writesOf(envelope.data, namespace) : [] };
}

/**
 * The endorser transactions of a block and what the valid ones wrote.
 * @param namespace the chaincode's name
 * @throws BlockBroken when validity flags are missing, or a transaction flagged valid cannot be read
 */
export function readBlock(block: common.Block, namespace: string): LedgerBlock {
  const number = block.getHeader()?.getNumber() ?? -1;
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  const filter = block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER];
  if (filter?.length !== envelopes.length) {
    throw new BlockBroken(number, 'it does not flag each transaction as valid or invalid');
  }
  const transactions = envelopes.flatMap((bytes, at) => {
    try {
      return readTransaction(bytes, filter[at] === StatusCode.VALID, namespace) ?? [];
    } catch (error) {
      throw new BlockBroken(number, `its transaction ${at} is flagged valid but cannot be read`, error);
    }
  });
  return { number, transactions };
}
