import { type Delegate, type Patient, type StatementOf } from '@chartkey/vocabulary';
import type { ReadStatement } from '../statement.ts';

/** Powers of a child's guardian: all of them, until the date the enrolment names. */
const guardians: Delegate['powers'] = ['log', 'grant', 'approve', 'record', 'read'];

/** What stands about a patient that has just been enrolled: the beginning of its chain. */
export function enrolled(
  { id, payload }: ReadStatement<StatementOf<'enrolPatient'>>,
  { enrolledBy, enrolledAt }: Pick<Patient, 'enrolledBy' | 'enrolledAt'>,
): Patient {
  const { iss: patient, sig, enc, guardian } = payload;
  const ofGuardian = guardian && {
    delegation: id,
    person: guardian.person,
    kind: 'guardian' as const,
    powers: guardians,
    notAfter: guardian.notAfter,
    attested: [],
  };
  return {
    patient,
    enrolledBy,
    enrolledAt,
    statement: id,
    links: 1,
    keys: [{ sig, enc, statement: id, since: enrolledAt }],
    denials: [],
    rules: [],
    treating: [],
    delegates: ofGuardian ? [ofGuardian] : [],
    locks: [],
    vetoes: 0,
  };
}
