import { status } from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';
import { policyFailure } from './admission.ts';
import type { Committer } from './committer.ts';
import { openEnvelope } from './envelope.ts';
import { RpcFailure } from './failure.ts';
import { isWriter, signedBy } from './membership.ts';
import type { TransactionRules } from './transaction.ts';

export interface OrderingParts {
  readonly rules: TransactionRules;
  readonly committer: Committer;
  /** Largest envelope that is ordered, Fabric's AbsoluteMaxBytes. */
  readonly maxEnvelopeBytes: number;
  /** The ledger's own host:port, named in error details. */
  readonly address: string;
}

/** Fabric's words for a channel that the node has not joined. */
export function unknownChannel(channel: string): string {
  return `failed to get config for channel [${channel}]: channel not found`;
}

/** Submit: the checks of Fabric's gateway and of an ordering node, then the queue. @throws RpcFailure */
export function submit(request: gateway.SubmitRequest, parts: OrderingParts): gateway.SubmitResponse {
  const envelope = request.getPreparedTransaction();
  if (!envelope) throw new RpcFailure(status.INVALID_ARGUMENT, 'a prepared transaction is required');
  if (envelope.getSignature_asU8().length === 0) {
    throw new RpcFailure(status.INVALID_ARGUMENT, 'prepared transaction must be signed');
  }
  if (request.getChannelId() !== parts.rules.channel) {
    throw new RpcFailure(status.FAILED_PRECONDITION, unknownChannel(request.getChannelId()));
  }
  const bytes = envelope.serializeBinary();
  checkSize(envelope, parts.maxEnvelopeBytes);
  checkHeader(envelope, bytes, parts.rules);
  if (parts.committer.fault !== undefined) {
    const detail = { address: parts.address, mspId: 'OrdererMSP', message: parts.committer.fault };
    throw new RpcFailure(status.UNAVAILABLE, 'no orderers could successfully process transaction', [detail]);
  }
  parts.committer.submit(bytes);
  return new gateway.SubmitResponse();
}

function checkSize(envelope: common.Envelope, limit: number): void {
  const size = envelope.getPayload_asU8().length + envelope.getSignature_asU8().length;
  if (size <= limit) return;
  throw refusal('BAD_REQUEST', `message payload is ${size} bytes and exceeds maximum allowed ${limit} bytes`);
}

function checkHeader(envelope: common.Envelope, bytes: Uint8Array, rules: TransactionRules): void {
  const { channel, type, creator } = readHeader(bytes);
  if (channel !== rules.channel) throw refusal('NOT_FOUND', `channel ${channel} not found`);
  if (type !== common.HeaderType.ENDORSER_TRANSACTION) {
    throw new RpcFailure(status.UNIMPLEMENTED, 'the embedded ledger orders endorsed transactions only');
  }
  const identity = rules.membership.find(creator);
  if (identity && Date.now() > identity.notAfter) {
    throw refusal('BAD_REQUEST', 'broadcast client identity expired');
  }
  const [payload, signature] = [envelope.getPayload_asU8(), envelope.getSignature_asU8()];
  if (identity && isWriter(identity) && signedBy(identity, payload, signature)) return;
  throw refusal('FORBIDDEN', policyFailure(rules.channel, 'Writers'));
}

function readHeader(bytes: Uint8Array): { channel: string; type: number; creator: Uint8Array } {
  try {
    const { payload, channelHeader } = openEnvelope(bytes);
    const header = payload.getHeader()?.getSignatureHeader_asU8() ?? new Uint8Array();
    const creator = common.SignatureHeader.deserializeBinary(header).getCreator_asU8();
    return { channel: channelHeader.getChannelId(), type: channelHeader.getType(), creator };
  } catch {
    throw refusal('BAD_REQUEST', 'could not determine channel ID: the envelope is malformed');
  }
}

function refusal(orderer: string, info: string): RpcFailure {
  const message = `received unsuccessful response from orderer: status=${orderer}, info=${info}`;
  return new RpcFailure(status.ABORTED, message);
}
