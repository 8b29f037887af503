import { type Act, Failure, type Patient } from '@chartkey/vocabulary';
import type { Author } from './author.ts';
import { isOnProbation, recoveryAt } from './recovery.ts';

/**
 * What widens: recovered keys may not for 30 days, nor anybody while the patient is frozen. A rule is among
 * them, since what its approvers allow needs no grant.
 */
const widening: ReadonlySet<Act> = new Set([
  'grantConsent',
  'liftDenial',
  'layRule',
  'liftRule',
  'liftLock',
  'setEmergencyCard',
  'nameDelegate',
  'nameContacts',
  'addKey',
  'rotateKey',
] satisfies Act[]);

/** What persons on probation may not do for others either. */
const wideningForOthers: ReadonlySet<Act> = new Set([
  ...widening,
  'approve',
  'unfreeze',
  'startRecovery',
] satisfies Act[]);

/** What only takes back: who froze everything, since a key may be stolen, takes back what that key signed. */
const takingBack: ReadonlySet<Act> = new Set(['refuse', 'withdrawApproval'] satisfies Act[]);

/** @throws Failure PATIENT_FROZEN, RECOVERY_PROBATION */
export function checkMayWiden(standing: Patient, act: Act, time: number): void {
  if (!widening.has(act)) return;
  if (standing.frozen) throw new Failure('PATIENT_FROZEN');
  if (isOnProbation(standing, time)) throw new Failure('RECOVERY_PROBATION');
}

/**
 * Checks that a person's own affairs let it sign for another: not frozen, its key not named lost, and nothing
 * that widens while its keys are newly recovered.
 * @param key thumbprint of the person's key that signed
 * @throws Failure PATIENT_FROZEN, SUSPECT_KEY, RECOVERY_PROBATION
 */
export function checkMaySignForOthers(person: Patient, key: string, act: Act, time: number): void {
  if (person.frozen && !takingBack.has(act)) throw new Failure('PATIENT_FROZEN');
  checkIsUnsuspected(person, { is: 'patient', key }, act, time);
  if (wideningForOthers.has(act) && isOnProbation(person, time)) throw new Failure('RECOVERY_PROBATION');
}

/**
 * What a freeze suspects signs nothing meanwhile but a veto; what an agreed second attempt at a recovery names
 * lost, nothing at all.
 * @throws Failure SUSPECT_KEY
 */
export function checkIsUnsuspected(
  standing: Patient,
  author: Author,
  act: Act | undefined,
  time: number,
): void {
  // Contacts may unfreeze through a suspected key: the verb itself looks. And nobody takes a patient's veto away
  // by suspecting it: a delegate may be a contact as well.
  const suspects = act === 'unfreeze' || act === 'vetoRecovery' ? [] : (standing.frozen?.suspects ?? []);
  const barred = [...suspects, ...lostAt(standing, act, time)];
  if (namesOf(author).some((name) => barred.includes(name))) throw new Failure('SUSPECT_KEY');
}

/**
 * Keys and delegates that a second attempt takes the word from: its veto from the start, since a veto suspends
 * only once; all else not before every contact has agreed, so that no contact alone silences a patient.
 */
export function lostAt(standing: Patient, act: Act | undefined, time: number): readonly string[] {
  const recovery = recoveryAt(standing, time);
  if (!recovery || recovery.vetoedAt !== undefined || recovery.attempt < 2) return [];
  return recovery.agreedAt !== undefined || act === 'vetoRecovery' ? recovery.lost : [];
}

/** What an author goes by: its key, and the delegate whose key it is. */
export function namesOf(author: Author): readonly string[] {
  if (author.is === 'delegate') return [author.delegate.person, author.key];
  return author.is === 'patient' ? [author.key] : [];
}
