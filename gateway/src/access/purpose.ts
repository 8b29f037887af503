import { Failure, type Purpose } from '@chartkey/vocabulary';

/**
 * The one purpose of a read or list: the one it names, or the session's only one. A name the session does
 * not have goes to the ledger as it is, so that the refusal is logged there.
 * @throws Failure PURPOSE_REQUIRED when the session has several and none is named
 */
export function choosePurpose(ofSession: readonly Purpose[], named: Purpose | undefined): Purpose {
  if (named !== undefined) return named;
  const [only, second] = ofSession;
  if (only === undefined || second !== undefined) throw new Failure('PURPOSE_REQUIRED');
  return only;
}
