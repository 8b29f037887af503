import { status } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import { policyFailure } from './admission.ts';
import type { Committer } from './committer.ts';
import { RpcFailure } from './failure.ts';
import { type Membership, signedBy } from './membership.ts';
import type { TransactionRules } from './transaction.ts';

/** A request that carries its own identity and signature. */
export interface SignedRequest {
  readonly identity: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

/** CommitStatus: waits until the transaction commits, also for an id nobody has heard of, as Fabric does. */
export async function commitStatus(
  signed: gateway.SignedCommitStatusRequest,
  rules: TransactionRules,
  committer: Committer,
  signal: AbortSignal,
): Promise<gateway.CommitStatusResponse> {
  const data = signed.getRequest_asU8();
  if (data.length === 0) throw invalid('a commit status request is required');
  const request = decode(() => gateway.CommitStatusRequest.deserializeBinary(data), 'invalid status request');
  const identity = request.getIdentity_asU8();
  if (identity.length === 0) throw invalid('no identity provided');
  if (request.getChannelId() === '') throw invalid('no channel ID provided');
  if (request.getTransactionId() === '') throw invalid('transaction ID should not be empty');
  const signature = signed.getSignature_asU8();
  authorise({ identity, data, signature }, request.getChannelId(), 'Readers', rules);
  const place = await committer.status(request.getTransactionId(), signal);
  if (!place) throw new RpcFailure(status.CANCELLED, 'context canceled');
  const response = new gateway.CommitStatusResponse();
  response.setResult(place.code as Parameters<typeof response.setResult>[0]);
  response.setBlockNumber(place.block);
  return response;
}

/** Lets a member (Readers) or a care member (CareReaders) pass. @throws RpcFailure PERMISSION_DENIED */
export function authorise(
  request: SignedRequest,
  channel: string,
  policy: 'Readers' | 'CareReaders',
  rules: TransactionRules,
): void {
  if (channel !== rules.channel) {
    throw new RpcFailure(status.PERMISSION_DENIED, `failed to get policy manager for channel [${channel}]`);
  }
  if (!mayRead(request, policy, rules.membership)) {
    throw new RpcFailure(status.PERMISSION_DENIED, policyFailure(channel, policy));
  }
}

/** Whether a signed request comes from somebody whom the policy names. */
export function mayRead(
  request: SignedRequest,
  policy: 'Readers' | 'CareReaders',
  membership: Membership,
): boolean {
  const identity = membership.find(request.identity);
  if (!identity || Date.now() > identity.notAfter) return false;
  if (policy === 'CareReaders' && !identity.care) return false;
  return signedBy(identity, request.data, request.signature);
}

/** @throws RpcFailure INVALID_ARGUMENT when the bytes are not the message. */
export function decode<Message>(read: () => Message, what: string): Message {
  try {
    return read();
  } catch (error) {
    throw invalid(`${what}: ${(error as Error).message}`);
  }
}

function invalid(message: string): RpcFailure {
  return new RpcFailure(status.INVALID_ARGUMENT, message);
}
