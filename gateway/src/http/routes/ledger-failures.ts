import type { FailureCode } from '@chartkey/vocabulary';

/** What the ledger's absence, haste or doubt may do to any verb that asks it. */
export const ledgerFailures: readonly FailureCode[] = ['LEDGER_UNAVAILABLE', 'LEDGER_CONFLICT', 'BUSY'];

/** What a transaction in a session's name may meet, beside its own law. */
export const sessionFailures: readonly FailureCode[] = [
  ...ledgerFailures,
  'OUTCOME_UNKNOWN',
  'SESSION_UNKNOWN',
  'SESSION_EXPIRED',
  'SESSION_FOREIGN',
  'DEVICE_REVOKED',
  'DEVICE_EXPIRED',
];

/** Why the ledger refuses a read or a list; each comes with the id of its entry. */
export const accessFailures: readonly FailureCode[] = [
  ...sessionFailures,
  'KIND_NOT_ALLOWED',
  'PURPOSE_REQUIRED',
  'PURPOSE_NOT_ALLOWED',
  'BREAK_GLASS_REQUIRED',
  'NO_GRANT',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_NOT_YET_VALID',
  'GRANT_EXPIRED',
  'USES_EXHAUSTED',
];

/** What a list answered by the index may meet. */
export const indexFailures: readonly FailureCode[] = [
  'CURSOR_INVALID',
  'NOT_SERVED_HERE',
  'CARE_MEMBERS_ONLY',
  'INDEX_BEHIND',
];
