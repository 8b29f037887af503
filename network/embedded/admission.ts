import { status } from '@grpc/grpc-js';
import { common } from '@hyperledger/fabric-protos';
import { type Identity, IdentityFailure, isWriter, type Membership, signedBy } from './membership.ts';
import { type Proposal, transactionId } from './proposal.ts';

/** One endorser's refusal, before the gateway service wraps it. */
export class EndorserFailure extends Error {
  readonly code: status;
  /** Whether Fabric's gateway asks the next peer after this. */
  readonly retry: boolean;

  constructor(code: status, message: string, retry: boolean) {
    super(message);
    this.code = code;
    this.retry = retry;
  }
}

/** What a policy check says when nobody who may has signed; Fabric's words. */
export function policyFailure(channel: string, policy: string): string {
  return (
    `failed evaluating policy on signed data during check policy on channel [${channel}] with policy ` +
    `[/Channel/Application/${policy}]: [implicit policy evaluation failed - 0 sub-policies were satisfied, ` +
    `but this policy requires 1 of the '${policy}' sub-policies to be satisfied]`
  );
}

/**
 * The filters and checks that a peer puts in front of a chaincode: certificate expiry, proposal time,
 * well-formedness, transaction id, membership, signature, and the channel's Writers.
 * @throws EndorserFailure
 */
export function admit(proposal: Proposal, membership: Membership, timeWindowMs: number): Identity {
  const creator = proposal.signatureHeader.getCreator_asU8();
  const identity = identifyOrUndefined(membership, creator);
  if (!(identity instanceof Error) && Date.now() > identity.notAfter) {
    throw filtered('proposal client identity expired');
  }
  checkTime(proposal, timeWindowMs);
  checkForm(proposal, creator);
  if (identity instanceof IdentityFailure) {
    const { channel } = proposal;
    throw refused(
      identity.mspId
        ? `access denied: channel [${channel}] creator org [${identity.mspId}]`
        : `access denied: channel [${channel}] creator org unknown, creator is malformed`,
    );
  }
  const { signed, channel } = proposal;
  if (!signedBy(identity, signed.getProposalBytes_asU8(), signed.getSignature_asU8())) {
    throw refused(`access denied: channel [${channel}] creator org [${identity.mspId}]`);
  }
  return identity;
}

/** Application chaincodes are for the channel's Writers. @throws EndorserFailure */
export function requireWriter(identity: Identity, channel: string): void {
  if (isWriter(identity)) return;
  throw new EndorserFailure(status.FAILED_PRECONDITION, policyFailure(channel, 'Writers'), false);
}

function identifyOrUndefined(membership: Membership, creator: Uint8Array): Identity | IdentityFailure {
  try {
    return membership.identify(creator);
  } catch (error) {
    if (error instanceof IdentityFailure) return error;
    throw error;
  }
}

function checkTime(proposal: Proposal, timeWindowMs: number): void {
  const time = proposal.channelHeader.getTimestamp()?.toDate().getTime() ?? 0;
  const now = Date.now();
  if (Math.abs(now - time) <= timeWindowMs) return;
  throw filtered(
    `request unauthorized due to incorrect timestamp ${rfc3339(time)}, peer time ${rfc3339(now)}, ` +
      `peer.authentication.timewindow ${timeWindowMs / 1000}s`,
  );
}

function checkForm(proposal: Proposal, creator: Uint8Array): void {
  const { channelHeader, signatureHeader } = proposal;
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    throw refused(`invalid header type ${channelHeader.getType()}`);
  }
  if (channelHeader.getEpoch() !== 0) throw refused('epoch is non-zero');
  const nonce = signatureHeader.getNonce_asU8();
  if (nonce.length === 0) throw refused('nonce is empty');
  if (creator.length === 0) throw refused('creator is empty');
  const expected = transactionId(nonce, creator);
  if (proposal.txId !== expected) {
    throw refused(`incorrectly computed txid '${proposal.txId}' -- expected '${expected}'`);
  }
}

/** A filter's refusal has no proposal response, so Fabric's gateway takes the peer for unavailable. */
function filtered(message: string): EndorserFailure {
  return new EndorserFailure(status.UNAVAILABLE, message, true);
}

function refused(message: string): EndorserFailure {
  return new EndorserFailure(status.FAILED_PRECONDITION, `error validating proposal: ${message}`, false);
}

function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
