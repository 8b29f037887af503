import { status } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import type { Committer } from './committer.ts';
import { decode, RpcFailure } from './failure.ts';
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
  const request = requested(gateway.CommitStatusRequest, data, 'invalid status request');
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

/** Members read statuses; blocks, and what stands in them, care members only. */
export type Policy = 'Readers' | 'CareReaders';

/** What the evaluation of a policy made of each member's says when none is satisfied. */
export function unmetPolicy(policy: string): string {
  return (
    'implicit policy evaluation failed - 0 sub-policies were satisfied, ' +
    `but this policy requires 1 of the '${policy}' sub-policies to be satisfied`
  );
}

/** What is said to somebody who is no care member. */
export const CARE_READERS_ONLY =
  'failed evaluating policy on signed data during check policy [/Channel/Application/CareReaders]: ' +
  '[signature set did not satisfy policy]';

/** Lets those pass whom the policy names. @throws RpcFailure PERMISSION_DENIED */
export function authorise(
  request: SignedRequest,
  channel: string,
  policy: Policy,
  rules: TransactionRules,
): void {
  if (channel === '') {
    throw denied(
      'Invalid channel ID name during check policy on signed data. Name must be different from nil.',
    );
  }
  if (channel !== rules.channel) throw denied(`Failed to get policy manager for channel [${channel}]`);
  if (mayRead(request, policy, rules.membership)) return;
  if (policy === 'CareReaders') throw denied(CARE_READERS_ONLY);
  const where = `channel [${channel}] with policy [/Channel/Application/${policy}]`;
  throw denied(
    `Failed evaluating policy on signed data during check policy on ${where}: [${unmetPolicy(policy)}]`,
  );
}

/** Whether a signed request comes from somebody whom the policy names. */
export function mayRead(request: SignedRequest, policy: Policy, membership: Membership): boolean {
  const identity = membership.find(request.identity);
  if (!identity || Date.now() > identity.notAfter) return false;
  if (policy === 'CareReaders' && !identity.care) return false;
  return signedBy(identity, request.data, request.signature);
}

/** A request's message. @throws RpcFailure INVALID_ARGUMENT when the bytes are not it. */
export function requested<Message>(
  type: { deserializeBinary(bytes: Uint8Array): Message },
  bytes: Uint8Array,
  what: string,
): Message {
  try {
    return decode(type, bytes, what);
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function denied(message: string): RpcFailure {
  return new RpcFailure(status.PERMISSION_DENIED, message);
}

function invalid(message: string): RpcFailure {
  return new RpcFailure(status.INVALID_ARGUMENT, message);
}
