import type { FailureCode } from '@chartkey/vocabulary';

/** Why nothing that the patient or the law says lets an organisation do this (see `basisOf`). */
export const misses = [
  'DENIED_BY_PATIENT',
  'NO_GRANT',
  'TREATMENT_REQUIRED',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_NOT_YET_VALID',
  'GRANT_EXPIRED',
  'USES_EXHAUSTED',
] as const satisfies FailureCode[];

/** Every code that the decision about an access may refuse it with (see `decideAccess`); each has its entry. */
export const denials: readonly FailureCode[] = [
  'SESSION_EXPIRED',
  'DEVICE_REVOKED',
  'DEVICE_EXPIRED',
  'KEY_REVOKED',
  'PATIENT_FROZEN',
  'SUSPECT_KEY',
  'RECOVERY_PROBATION',
  'KIND_NOT_ALLOWED',
  'PURPOSE_NOT_ALLOWED',
  'PROOF_REQUIRED',
  'BREAK_GLASS_REQUIRED',
  'BREAK_GLASS_OVER',
  'PRACTITIONER_REVOKED',
  'PRACTITIONER_EXPIRED',
  'SECOND_KEY_REQUIRED',
  'APPROVAL_REQUIRED',
  'NOT_A_DELEGATE',
  ...misses,
];
