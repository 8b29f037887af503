import { status } from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';
import { unmetPolicy } from './commit-status.ts';
import type { Committer } from './committer.ts';
import { decode, RpcFailure } from './failure.ts';
import { signedBy } from './membership.ts';
import { transactionId } from './proposal.ts';
import type { TransactionRules } from './transaction.ts';

/** Largest envelope that is ordered: the channel's AbsoluteMaxBytes. */
const LARGEST_ENVELOPE = 10 << 20;

export interface OrderingParts {
  readonly rules: TransactionRules;
  readonly committer: Committer;
  /** MSP ids of the ordering organisations. */
  readonly orderers: readonly string[];
  /** The ledger's own host:port, named in error details. */
  readonly address: string;
}

/** Fabric's words for a channel that the node has not joined. */
export function unknownChannel(channel: string): string {
  return `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`;
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
  const { rules, committer } = parts;
  const refuse = (orderer: string, info: string) =>
    noQuorum(`received unsuccessful response from orderer: status=${orderer}, info=${info}`, parts);
  const { channelHeader, signatureHeader } = readHeader(envelope, (error) => {
    throw refuse('BAD_REQUEST', `could not determine channel ID: ${error.message}`);
  });
  if (channelHeader.getChannelId() !== rules.channel) throw refuse('BAD_REQUEST', 'channel does not exist');
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    throw new RpcFailure(status.UNIMPLEMENTED, 'the embedded ledger orders endorsed transactions only');
  }
  const [payload, signature] = [envelope.getPayload_asU8(), envelope.getSignature_asU8()];
  const size = payload.length + signature.length;
  if (size > LARGEST_ENVELOPE) {
    const info = `message payload is ${size} bytes and exceeds maximum allowed ${LARGEST_ENVELOPE} bytes`;
    throw refuse('BAD_REQUEST', info);
  }
  const creator = signatureHeader.getCreator_asU8();
  const identity = rules.membership.find(creator);
  if (identity && Date.now() > identity.notAfter) {
    throw refuse('BAD_REQUEST', 'broadcast client identity expired');
  }
  if (!identity || !signedBy(identity, payload, signature)) {
    throw refuse('FORBIDDEN', `${unmetPolicy('Writers')}: permission denied`);
  }
  const requestId = transactionId(signatureHeader.getNonce_asU8(), creator);
  if (committer.hasDelivered(requestId)) {
    throw refuse('SERVICE_UNAVAILABLE', 'failed to submit request: request already processed');
  }
  if (committer.fault !== undefined) throw noQuorum(committer.fault, parts);
  committer.submit(envelope.serializeBinary(), requestId);
  return new gateway.SubmitResponse();
}

/** Fabric's gateway gives up when so many orderers have refused that the others are no quorum. */
function noQuorum(message: string, { orderers, address }: OrderingParts): RpcFailure {
  const sentence =
    'insufficient number of orderers could successfully process transaction to satisfy quorum requirement';
  const tooMany = Math.floor((orderers.length - 1) / 3) + 1;
  const details = orderers.slice(0, tooMany).map((mspId) => ({ address, mspId, message }));
  return new RpcFailure(status.UNAVAILABLE, sentence, details);
}

function readHeader(envelope: common.Envelope, fail: (error: Error) => never) {
  try {
    const payload = decode(common.Payload, envelope.getPayload_asU8(), 'error unmarshalling Payload');
    const header = payload.getHeader();
    if (!header) throw new Error('header not set');
    const channelHeader = header.getChannelHeader_asU8();
    if (channelHeader.length === 0) throw new Error('channel header not set');
    return {
      channelHeader: decode(common.ChannelHeader, channelHeader, 'error unmarshalling ChannelHeader'),
      signatureHeader: decode(
        common.SignatureHeader,
        header.getSignatureHeader_asU8(),
        'error unmarshalling SignatureHeader',
      ),
    };
  } catch (error) {
    return fail(error as Error);
  }
}
