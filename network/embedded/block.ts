import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { committedAction, openEnvelope } from './envelope.ts';
import { signLowS } from './signature.ts';

/** Signs blocks as Fabric's ordering nodes do. */
export interface Orderer {
  /** The serialised identity. */
  readonly creator: Uint8Array;
  readonly key: KeyObject;
}

export interface BlockContent {
  readonly number: number;
  readonly previousHash: Uint8Array;
  /** Serialised envelopes. */
  readonly envelopes: readonly Uint8Array[];
  /** A TxValidationCode per envelope. */
  readonly codes: readonly number[];
}

/** Builds a block with its hash-chained header, the orderer's signature and the validation codes. */
export function makeBlock(content: BlockContent, orderer: Orderer): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(content.number);
  header.setPreviousHash(content.previousHash);
  header.setDataHash(dataHash(content.envelopes));
  const data = new common.BlockData();
  data.setDataList([...content.envelopes]);
  const metadata = new common.BlockMetadata();
  const { SIGNATURES, LAST_CONFIG, TRANSACTIONS_FILTER, ORDERER, COMMIT_HASH } = common.BlockMetadataIndex;
  const slots: Uint8Array[] = [];
  slots[SIGNATURES] = signBlock(header, orderer);
  slots[LAST_CONFIG] = new Uint8Array();
  slots[TRANSACTIONS_FILTER] = Uint8Array.from(content.codes);
  slots[ORDERER] = new Uint8Array();
  slots[COMMIT_HASH] = new Uint8Array();
  metadata.setMetadataList(slots);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block;
}

/** The validation code of each transaction of a block. */
export function validationCodes(block: common.Block): Uint8Array {
  const slots = block.getMetadata()?.getMetadataList_asU8() ?? [];
  return slots[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? new Uint8Array();
}

/** SHA-256 of the header's ASN.1 DER form, which the next block carries as its previous hash. */
export function headerHash(header: common.BlockHeader): Buffer {
  return createHash('sha256').update(headerBytes(header)).digest();
}

/** SHA-256 over all envelopes, concatenated. */
export function dataHash(envelopes: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const envelope of envelopes) hash.update(envelope);
  return hash.digest();
}

function headerBytes(header: common.BlockHeader): Buffer {
  const number = der(0x02, positiveInteger(header.getNumber()));
  const previous = der(0x04, header.getPreviousHash_asU8());
  const data = der(0x04, header.getDataHash_asU8());
  return der(0x30, Buffer.concat([number, previous, data]));
}

function der(tag: number, content: Uint8Array): Buffer {
  // Hashes and 64-bit numbers stay below 128 bytes, so one length byte is enough.
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function positiveInteger(value: number): Buffer {
  const hex = BigInt(value).toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function signBlock(header: common.BlockHeader, orderer: Orderer): Uint8Array {
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(orderer.creator);
  signatureHeader.setNonce(randomBytes(24));
  const value = new common.OrdererBlockMetadata();
  value.setLastConfig(new common.LastConfig());
  const signed = [value.serializeBinary(), signatureHeader.serializeBinary(), headerBytes(header)];
  const signature = new common.MetadataSignature();
  signature.setSignatureHeader(signed[1]!);
  signature.setSignature(signLowS(orderer.key, Buffer.concat(signed)));
  const metadata = new common.Metadata();
  metadata.setValue(signed[0]!);
  metadata.addSignatures(signature);
  return metadata.serializeBinary();
}

/** A block as third parties of an event may see it: ids, codes and event names, no payloads. */
export function filterBlock(block: common.Block, channel: string): peer.FilteredBlock {
  const filtered = new peer.FilteredBlock();
  filtered.setChannelId(channel);
  filtered.setNumber(block.getHeader()!.getNumber());
  const codes = validationCodes(block);
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  filtered.setFilteredTransactionsList(envelopes.map((bytes, i) => filterTransaction(bytes, codes[i]!)));
  return filtered;
}

function filterTransaction(bytes: Uint8Array, code: number): peer.FilteredTransaction {
  const filtered = new peer.FilteredTransaction();
  const { channelHeader, payload } = openEnvelope(bytes);
  filtered.setTxid(channelHeader.getTxId());
  filtered.setType(channelHeader.getType() as common.HeaderTypeMap[keyof common.HeaderTypeMap]);
  filtered.setTxValidationCode(code as peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap]);
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return filtered;
  const actions = new peer.FilteredTransactionActions();
  const event = chaincodeEvent(payload);
  if (event) {
    event.setPayload('');
    const action = new peer.FilteredChaincodeAction();
    action.setChaincodeEvent(event);
    actions.addChaincodeActions(action);
  }
  filtered.setTransactionActions(actions);
  return filtered;
}

/** The chaincode's event in a committed transaction's payload; undefined when it set none or is malformed. */
export function chaincodeEvent(payload: common.Payload): peer.ChaincodeEvent | undefined {
  try {
    const events = committedAction(payload).getEvents_asU8();
    return events.length > 0 ? peer.ChaincodeEvent.deserializeBinary(events) : undefined;
  } catch {
    return undefined;
  }
}
