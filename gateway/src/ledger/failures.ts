import { decodeFailure, Failure } from '@chartkey/vocabulary';
import { status } from '@grpc/grpc-js';
import { GatewayError, StatusCode } from '@hyperledger/fabric-gateway';

/** The same failure, remembering for the log what brought it about. */
function because(failure: Failure, cause: unknown): Failure {
  failure.cause = cause;
  return failure;
}

/** gRPC codes that blame the way to the peers, not what was asked of them. */
const unreachable = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.FAILED_PRECONDITION, // no combination of live peers satisfies the endorsement policy
]);

/** gRPC codes that an endorsing peer's own failure comes in. */
const fromPeers = new Set<number>([status.ABORTED, status.UNKNOWN]);

/**
 * The peer's limit of requests (`peer.limits.concurrency.gatewayService`), which turns a call away before
 * anything looks at it. Fabric gives it no gRPC code of its own, only this text.
 */
function isPeersLimit(error: GatewayError): boolean {
  return /^\d+ [A-Z_]+: too many requests for .*exceeding concurrency limit/.test(error.message);
}

/** The texts in which chaincode and peers explain themselves: the peers' own first. */
function textsOf(error: GatewayError): string[] {
  return [...error.details.map((detail) => detail.message), error.message];
}

/** Endorsers at different heights read different versions of a key, so what they sign differs. */
function answersDiffer(error: GatewayError): boolean {
  return textsOf(error).some((text) => /payloads? do not match/i.test(text));
}

/**
 * Is an endorsement's error likely to be gone when all peers stand at one height? The answers differed, or
 * only other organisations' peers refused what our own had endorsed (it is asked first).
 * @param peerOrganisation MSP id of the peer that we are connected to
 */
export function isOfTheMoment(error: unknown, peerOrganisation: string): boolean {
  if (!(error instanceof GatewayError)) return false;
  if (answersDiffer(error)) return true;
  const refusing = error.details.filter(({ message }) => decodeFailure(message) !== undefined);
  return refusing.length > 0 && refusing.every(({ mspId }) => mspId !== '' && mspId !== peerOrganisation);
}

/**
 * What an error of an evaluation or an endorsement means. Nothing has been submitted by then, so nothing
 * of it can ever be committed.
 * @param closed whether the connection was closed for good, which gRPC tells in errors of no kind
 */
export function failureBeforeSubmission(error: unknown, closed: boolean): Failure {
  if (error instanceof Failure) return error;
  if (closed) return because(new Failure('LEDGER_UNAVAILABLE'), error);
  if (!(error instanceof GatewayError)) return because(new Failure('BROKEN'), error);
  const texts = textsOf(error);
  for (const text of texts) {
    const failure = decodeFailure(text);
    if (failure) return because(failure, error);
  }
  if (error.code === status.RESOURCE_EXHAUSTED || isPeersLimit(error)) {
    return because(new Failure('BUSY'), error);
  }
  if (answersDiffer(error)) {
    return because(new Failure('LEDGER_CONFLICT'), error);
  }
  if (unreachable.has(error.code)) return because(new Failure('LEDGER_UNAVAILABLE'), error);
  const chaincodeAnswered = texts.some((text) => text.includes('chaincode response'));
  if (fromPeers.has(error.code) && !chaincodeAnswered) {
    return because(new Failure('LEDGER_UNAVAILABLE'), error);
  }
  return because(new Failure('BROKEN'), error);
}

/**
 * The failure when a submission was turned away at the peer's door, undefined when its envelope may have
 * been accepted. Only the peer's limit is certain: an orderer can say no to what another one already took.
 */
export function failureAtTheDoor(error: unknown): Failure | undefined {
  if (!(error instanceof GatewayError) || !isPeersLimit(error)) return undefined;
  return because(new Failure('BUSY'), error);
}

const conflicts = new Set<number>([StatusCode.MVCC_READ_CONFLICT, StatusCode.PHANTOM_READ_CONFLICT]);

/** The failure that a validation code in a block means; undefined for a valid transaction. */
export function failureOfVerdict(code: number, transaction: string): Failure | undefined {
  if (code === StatusCode.VALID) return undefined;
  if (conflicts.has(code)) return new Failure('LEDGER_CONFLICT');
  // The envelope was ordered twice: this code speaks of the copy and says nothing of the first one.
  if (code === StatusCode.DUPLICATE_TXID) return new Failure('OUTCOME_UNKNOWN', { transaction });
  const cause = new Error(`transaction ${transaction} stands in a block with validation code ${code}`);
  return because(new Failure('BROKEN', { transaction }), cause);
}
