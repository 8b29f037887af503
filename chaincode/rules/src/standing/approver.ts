import { type ApprovalRequest, type Approver, Failure, type StatementOf } from '@chartkey/vocabulary';
import type { ReadStatement } from '../statement.ts';
import { isSame } from './approvals.ts';
import { anybodysAuthor, patientsAuthor, principalOf, type Signers } from './author.ts';
import { checkIsUnsuspected, checkMayWiden } from './restraints.ts';

/** One step of a request for approvals, as its signer made it. */
export type ApprovalStatement = ReadStatement<StatementOf<'approve' | 'refuse' | 'withdrawApproval'>>;

/** Whose place a delegate may sign in, and who else is asked. */
export interface Place {
  patient: string;
  of: readonly Approver[];
}

/** A delegate stands in for the patient whose record is asked for; in nobody's place for anything else. */
export function placeIn({ subject }: Pick<ApprovalRequest, 'subject'>, of: readonly Approver[]) {
  return subject.kind === 'access' ? { patient: subject.patient, of } : undefined;
}

/**
 * The principal that a step counts for: a person, the patient in whose place a delegate signs, or the
 * organisation of a practitioner or master key. A delegate signs only where it is not asked itself, since
 * nobody counts twice. What is suspected signs nothing; who is frozen, or has just recovered, approves
 * nothing but may still refuse and withdraw.
 * @param time ledger time, milliseconds
 * @throws Failure NOT_AN_APPROVER, DELEGATE_FOR_ITSELF, SUSPECT_KEY, PATIENT_FROZEN, RECOVERY_PROBATION, and
 * as `anybodysAuthor` and `patientsAuthor`
 */
export async function approverOf(
  statement: ApprovalStatement,
  signers: Signers,
  time: number,
  place?: Place,
): Promise<Approver> {
  const { act, iss, patient } = statement.payload;
  if (patient === undefined || patient === iss) {
    return principalOf(await anybodysAuthor(statement, signers, time));
  }
  const standing = await signers.person(patient);
  if (!standing) throw new Failure('PATIENT_UNKNOWN');
  const author = await patientsAuthor(statement, standing, signers, time);
  if (place?.patient !== patient) throw new Failure('NOT_AN_APPROVER');
  if (place.of.some((one) => isSame(one, { person: iss }))) throw new Failure('DELEGATE_FOR_ITSELF');
  checkIsUnsuspected(standing, author, act, time);
  if (act === 'approve') checkMayWiden(standing, 'grantConsent', time);
  return { person: patient };
}
