import { status } from '@grpc/grpc-js';
import { common, gateway, orderer, peer } from '@hyperledger/fabric-protos';
import { TIME_WINDOW_MS } from './admission.ts';
import { chaincodeEvent, filterBlock, validationCodes } from './block.ts';
import type { Chain } from './chain.ts';
import { authorise, mayRead, requested } from './commit-status.ts';
import { openEnvelope } from './envelope.ts';
import { RpcFailure } from './failure.ts';
import type { TransactionRules } from './transaction.ts';

/** Sends one message and resolves when the reader has room for the next, so that a slow one costs no memory. */
export type Send = (message: Uint8Array) => Promise<void>;

export type DeliverKind = 'block' | 'filtered' | 'private-data';

const { Status } = common;
const STATUS_FIELD = 1;
const BLOCK_FIELD = 2;
const BLOCK_AND_PRIVATE_DATA_FIELD = 4;

/** Serves one seek of Deliver, DeliverFiltered or DeliverWithPrivateData; resolves to the closing status. */
export async function deliver(
  envelope: common.Envelope,
  kind: DeliverKind,
  chain: Chain,
  rules: TransactionRules,
  send: Send,
  signal: AbortSignal,
): Promise<number> {
  const seek = readSeek(envelope);
  if (!seek) return Status.BAD_REQUEST;
  if (seek.channel !== rules.channel) return Status.NOT_FOUND;
  if (!mayRead(seek, 'CareReaders', rules.membership)) return Status.FORBIDDEN;
  const start = position(seek.info.getStart(), chain);
  const stop = position(seek.info.getStop(), chain);
  if (start === undefined || stop === undefined || stop < start) return Status.BAD_REQUEST;
  if (start > chain.height) return Status.NOT_FOUND;
  const failIfNotReady = seek.info.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY;
  for (let number = start; number <= stop; number++) {
    if (failIfNotReady && number >= chain.height) return Status.NOT_FOUND;
    await chain.waitFor(number, signal);
    if (signal.aborted) break;
    await send(deliverMessage(await chain.block(number), kind, rules.channel));
  }
  return Status.SUCCESS;
}

/** The status message that ends a seek. */
export function deliverStatus(code: number): Uint8Array {
  return Uint8Array.from([STATUS_FIELD << 3, ...varint(code)]);
}

function deliverMessage(block: Buffer, kind: DeliverKind, channel: string): Uint8Array {
  if (kind === 'block') return field(BLOCK_FIELD, block);
  // There are no collections, so the private data of every block is empty.
  if (kind === 'private-data') return field(BLOCK_AND_PRIVATE_DATA_FIELD, field(1, block));
  const response = new peer.DeliverResponse();
  response.setFilteredBlock(filterBlock(common.Block.deserializeBinary(block), channel));
  return response.serializeBinary();
}

function readSeek(envelope: common.Envelope) {
  try {
    const data = envelope.getPayload_asU8();
    const payload = common.Payload.deserializeBinary(data);
    const header = payload.getHeader()!;
    const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    const time = channelHeader.getTimestamp()!.toDate().getTime();
    if (Math.abs(Date.now() - time) > TIME_WINDOW_MS) return undefined;
    return {
      data,
      identity: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()).getCreator_asU8(),
      signature: envelope.getSignature_asU8(),
      channel: channelHeader.getChannelId(),
      info: orderer.SeekInfo.deserializeBinary(payload.getData_asU8()),
    };
  } catch {
    return undefined;
  }
}

function position(seek: orderer.SeekPosition | undefined, chain: Chain): number | undefined {
  const { OLDEST, NEWEST, SPECIFIED, NEXT_COMMIT } = orderer.SeekPosition.TypeCase;
  switch (seek?.getTypeCase()) {
    case OLDEST:
      return 0;
    case NEWEST:
      return chain.height - 1;
    case NEXT_COMMIT:
      return chain.height;
    case SPECIFIED:
      return seek.getSpecified()!.getNumber();
    default:
      return undefined;
  }
}

/** ChaincodeEvents: one message per block that has events of the chaincode, from valid transactions only. */
export async function chaincodeEvents(
  signed: gateway.SignedChaincodeEventsRequest,
  chain: Chain,
  rules: TransactionRules,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  const data = signed.getRequest_asU8();
  if (data.length === 0)
    throw new RpcFailure(status.INVALID_ARGUMENT, 'a chaincode events request is required');
  const request = requested(gateway.ChaincodeEventsRequest, data, 'invalid chaincode events request');
  const sender = { identity: request.getIdentity_asU8(), data, signature: signed.getSignature_asU8() };
  authorise(sender, request.getChannelId(), 'CareReaders', rules);
  let after = request.getAfterTransactionId();
  for (let number = eventsStart(request, chain); ; number++) {
    await chain.waitFor(number, signal);
    if (signal.aborted) return;
    let events = blockEvents(common.Block.deserializeBinary(await chain.block(number)));
    if (after !== '') {
      const at = events.findIndex((event) => event.getTxId() === after);
      events = events.slice(at < 0 ? events.length : at + 1);
      if (at >= 0) after = '';
    }
    const matching = events.filter((event) => event.getChaincodeId() === request.getChaincodeId());
    if (matching.length === 0) continue;
    const response = new gateway.ChaincodeEventsResponse();
    response.setBlockNumber(number);
    response.setEventsList(matching);
    await send(response.serializeBinary());
  }
}

function eventsStart(request: gateway.ChaincodeEventsRequest, chain: Chain): number {
  const place = chain.state.place(request.getAfterTransactionId());
  if (place) return place.block;
  const seek = request.getStartPosition();
  const { TYPE_NOT_SET, NEXT_COMMIT, SPECIFIED } = orderer.SeekPosition.TypeCase;
  const type = seek?.getTypeCase() ?? TYPE_NOT_SET;
  if (type === SPECIFIED) return seek!.getSpecified()!.getNumber();
  if (type === TYPE_NOT_SET || type === NEXT_COMMIT) return chain.height;
  throw new RpcFailure(status.INVALID_ARGUMENT, 'invalid start position type: want specified or next commit');
}

function blockEvents(block: common.Block): peer.ChaincodeEvent[] {
  const codes = validationCodes(block);
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  return envelopes.flatMap((bytes, i) => {
    if (codes[i] !== peer.TxValidationCode.VALID) return [];
    const { payload, channelHeader } = openEnvelope(bytes);
    if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return [];
    const event = chaincodeEvent(payload);
    return event ? [event] : [];
  });
}

/** A length-delimited protobuf field around bytes that are already serialised. */
function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
