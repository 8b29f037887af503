import type { FailureCode, Purpose } from '@chartkey/vocabulary';
import type { Asked } from '../route.ts';

/** What a read or list that breaks the glass may meet, beside what it may meet anyway. */
export const glassFailures: readonly FailureCode[] = [
  'INVALID_STATEMENT',
  'SIGNATURE_INVALID',
  'WRONG_NETWORK',
  'STATEMENT_EXPIRED',
  'STATEMENT_FROM_THE_FUTURE',
  'STALE_SEQUENCE',
  'PRACTITIONER_UNKNOWN',
  'PRACTITIONER_REVOKED',
  'PRACTITIONER_EXPIRED',
  'ROLE_NOT_ALLOWED',
  'DEVICE_UNKNOWN',
  'PATIENT_UNKNOWN',
  'OPENING_UNKNOWN',
  'SAME_PRACTITIONER',
  'ALREADY_SECONDED',
  'REVIEW_OVERDUE',
  'BREAK_GLASS_LIMIT',
  'BREAK_GLASS_OVER',
  'SECOND_KEY_REQUIRED',
  'NOT_YOURS',
];

/**
 * Hands in what the header brings, and gives the purpose of the read or list that rests on it.
 * @throws Failure one of the above
 */
export async function withGlass(
  { gateway, caller }: Pick<Asked<unknown, unknown, unknown, 'token'>, 'gateway' | 'caller'>,
  header: string | undefined,
  named: Purpose | undefined,
): Promise<Purpose | undefined> {
  if (header === undefined) return named;
  await gateway.emergencies.breakGlass(caller, header.split(/ *, */));
  return named ?? 'ETREAT';
}
