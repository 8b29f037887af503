import { status } from '@grpc/grpc-js';
import { common } from '@hyperledger/fabric-protos';
import { type Identity, type Membership, signedBy } from './membership.ts';
import { type Proposal, transactionId } from './proposal.ts';

/** How far a request's time may be from ours: CORE_PEER_AUTHENTICATION_TIMEWINDOW=60s. */
export const TIME_WINDOW_MS = 60_000;

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

/**
 * The filters and checks that a peer puts in front of a chaincode: certificate expiry, proposal time,
 * well-formedness, transaction id, membership, signature. Whoever is a member may write.
 * @throws EndorserFailure
 */
export function admit(proposal: Proposal, membership: Membership): Identity {
  const { signed, channel, signatureHeader } = proposal;
  const creator = signatureHeader.getCreator_asU8();
  const identity = membership.find(creator);
  if (identity && Date.now() > identity.notAfter) throw filtered('proposal client identity expired');
  checkTime(proposal);
  checkForm(proposal, creator);
  const signature = signed.getSignature_asU8();
  if (signature.length === 0) throw refused('empty signature bytes');
  const denied = `access denied: channel [${channel}] creator org`;
  if (!identity) throw refused(`${denied} unknown, creator is malformed`);
  if (!signedBy(identity, signed.getProposalBytes_asU8(), signature)) {
    throw refused(`${denied} [${identity.mspId}]`);
  }
  return identity;
}

function checkTime(proposal: Proposal): void {
  const time = proposal.channelHeader.getTimestamp()?.toDate().getTime() ?? 0;
  const now = Date.now();
  if (Math.abs(now - time) <= TIME_WINDOW_MS) return;
  throw filtered(
    `request unauthorized due to incorrect timestamp ${rfc3339(time)}, peer time ${rfc3339(now)}, ` +
      'peer.authentication.timewindow 1m0s',
  );
}

function checkForm(proposal: Proposal, creator: Uint8Array): void {
  const { channelHeader, signatureHeader } = proposal;
  const { HeaderType } = common;
  const type: number = channelHeader.getType();
  if (type !== HeaderType.ENDORSER_TRANSACTION && type !== HeaderType.CONFIG) {
    const name = Object.entries(HeaderType).find(([, value]) => value === type)?.[0];
    throw refused(`invalid header type ${name ?? type}`);
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
