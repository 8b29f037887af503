import type { Grant, Patient, Relation } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/** Counts a use of a grant whose uses are limited, where it stands. */
export function countUse(
  tx: RecordsTransaction,
  patient: Patient,
  organisation: string,
  relation: Relation,
  used: Grant,
): void {
  if (used.maxUses === undefined) return;
  const counted = (grants: readonly Grant[]) =>
    grants.map((one) => (one === used ? { ...one, uses: one.uses + 1 } : one));
  if ('treating' in used.grantee) {
    tx.world.patients.put({ ...patient, treating: counted(patient.treating) }, patient.patient);
  } else {
    tx.world.relations.put({ ...relation, grants: counted(relation.grants) }, patient.patient, organisation);
  }
}
