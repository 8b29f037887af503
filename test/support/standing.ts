import type { P256Key, Patient } from '@chartkey/vocabulary';

/** What stands about a patient that has just been enrolled, with some of it changed. */
export function standingOf(
  patient: string,
  more: Partial<Patient> & { sig?: P256Key; enc?: P256Key } = {},
): Patient {
  const { sig, enc = sig, statement = 'A'.repeat(43), ...rest } = more;
  const enrolledAt = '2026-01-01T00:00:00.000Z';
  return {
    patient,
    enrolledBy: 'RiversideMSP',
    enrolledAt,
    statement,
    links: 1,
    keys: sig && enc ? [{ sig, enc, statement, since: enrolledAt }] : [],
    denials: [],
    rules: [],
    treating: [],
    delegates: [],
    locks: [],
    vetoes: 0,
    ...rest,
  };
}
