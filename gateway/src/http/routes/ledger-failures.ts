import { denials, misses } from '@chartkey/rules';
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
export const accessFailures: readonly FailureCode[] = [...sessionFailures, ...denials, 'PURPOSE_REQUIRED'];

/** Why the ledger does not let a hospital record. */
export const recordingFailures: readonly FailureCode[] = [...misses, 'PATIENT_FROZEN'];

/** What speaks against the author of a statement, and against what it says. */
export const statementFailures: readonly FailureCode[] = [
  'KEY_REVOKED',
  'SUSPECT_KEY',
  'NOT_A_DELEGATE',
  'DELEGATE_FOR_ITSELF',
  'PATIENT_FROZEN',
  'RECOVERY_PROBATION',
  'STANDING_LIMIT',
  'DENIAL_UNKNOWN',
  'RULE_UNKNOWN',
  'LOCK_UNKNOWN',
  'DELEGATION_UNKNOWN',
  'PASS_ON_NOT_GRANTED',
  'KEY_UNKNOWN',
  'LAST_KEY',
  'NOT_FROZEN',
  'CONTACTS_MISSING',
  'RECOVERY_UNKNOWN',
  'RECOVERY_UNDERWAY',
  'RECOVERY_WAITING',
  'RECOVERY_VETOED',
  'APPROVALS_MISSING',
  'REQUEST_UNKNOWN',
  'REQUEST_CLOSED',
  'NOT_AN_APPROVER',
  'NOT_APPROVED',
  'ALREADY_APPROVED',
  'STATEMENT_UNKNOWN',
  'PRACTITIONER_UNKNOWN',
  'PRACTITIONER_REVOKED',
  'PRACTITIONER_EXPIRED',
  'ROLE_NOT_ALLOWED',
  'SAME_PRACTITIONER',
  'OPENING_UNKNOWN',
  'BREAK_GLASS_LIMIT',
  'BREAK_GLASS_OVER',
  'REVIEW_OVERDUE',
  'ALREADY_SECONDED',
  'ALREADY_REVIEWED',
];

/** What a list answered by the index may meet. */
export const indexFailures: readonly FailureCode[] = [
  'CURSOR_INVALID',
  'NOT_SERVED_HERE',
  'CARE_MEMBERS_ONLY',
  'INDEX_BEHIND',
];
