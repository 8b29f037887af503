import { canonicalJson, Failure, millisecondsOf, type Patient, type StatementOf } from '@chartkey/vocabulary';
import type { SignatureChecks } from '../signature.ts';
import type { ReadStatement } from '../statement.ts';
import type { Author } from './author.ts';
import { changesOfConsent } from './consent-changes.ts';
import { changesOfDelegates } from './delegate-changes.ts';
import { changesOfKeys } from './key-changes.ts';
import { changesOfRecovery } from './recovery-changes.ts';
import type { Confirmed, StandingAct } from './words.ts';

/** Bytes of a patient's standing on the ledger: every access reads it. */
const MOST_BYTES = 32_768;

/** One statement that changes what stands about a patient, its author checked. */
export interface Change<Verb extends StandingAct = StandingAct> {
  statement: ReadStatement<StatementOf<Verb>>;
  author: Author;
  network: string;
  checks: SignatureChecks;
  /** ledger time, milliseconds */
  time: number;
  /** approvals that the statement rests on, each verified */
  confirmed: readonly Confirmed[];
}

const changes = { ...changesOfConsent, ...changesOfDelegates, ...changesOfKeys, ...changesOfRecovery };

/** What widens: a recovered key may not for 30 days, nor anybody while the patient is frozen. */
const widening: ReadonlySet<StandingAct> = new Set([
  'liftDenial',
  'liftRule',
  'liftLock',
  'setEmergencyCard',
  'nameDelegate',
  'nameContacts',
  'addKey',
  'rotateKey',
] satisfies StandingAct[]);

/**
 * The standing after a statement: the same for the chaincode that accepts it and for a gateway that proves it
 * from the statements alone, link by link.
 * @throws Failure the code of the rule that refuses it
 */
export function changeStanding(standing: Patient, change: Change): Patient {
  const { act } = change.statement.payload;
  checkMayWiden(standing, act, change.time);
  checkIsUnsuspected(standing, change.author);
  const apply = changes[act] as (standing: Patient, change: Change) => Patient;
  const changed = { ...apply(standing, change), links: standing.links + 1 };
  if (canonicalJson(changed).length > MOST_BYTES) throw new Failure('STANDING_LIMIT');
  return changed;
}

/** @throws Failure PATIENT_FROZEN, RECOVERY_PROBATION */
export function checkMayWiden(
  { frozen, probation }: Patient,
  act: StandingAct | 'grantConsent',
  time: number,
): void {
  if (act !== 'grantConsent' && !widening.has(act)) return;
  if (frozen) throw new Failure('PATIENT_FROZEN');
  if (probation !== undefined && time <= millisecondsOf(probation)) throw new Failure('RECOVERY_PROBATION');
}

/**
 * What a freeze suspects, or a second attempt at a recovery names lost, signs nothing meanwhile.
 * @throws Failure SUSPECT_KEY
 */
export function checkIsUnsuspected({ frozen, recovery }: Patient, author: Author): void {
  const lost = recovery && !recovery.vetoed && recovery.attempt > 1 ? recovery.lost : [];
  const suspects = frozen?.suspect === undefined ? lost : [...lost, frozen.suspect];
  const names = author.is === 'delegate' ? [author.delegate.person, author.key] : [];
  if (author.is === 'patient') names.push(author.key);
  if (names.some((name) => suspects.includes(name))) throw new Failure('SUSPECT_KEY');
}
