import { canonicalJson, Failure, type Patient, type StatementOf, thumbprint } from '@chartkey/vocabulary';
import type { SignatureChecks } from '../signature.ts';
import type { ReadStatement } from '../statement.ts';
import type { Author } from './author.ts';
import { changesOfConsent } from './consent-changes.ts';
import { changesOfDelegates } from './delegate-changes.ts';
import { changesOfKeys } from './key-changes.ts';
import { recoveryAt } from './recovery.ts';
import { changesOfRecovery } from './recovery-changes.ts';
import { checkIsUnsuspected, checkMayWiden } from './restraints.ts';
import type { Confirmed, StandingAct } from './words.ts';

/** Bytes of a patient's standing on the ledger, which every access reads; grants to all treating have a limit of their own. */
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

/** What makes the value longer at its author's will. Freezes, vetoes and recoveries always find room. */
const growing: ReadonlySet<StandingAct> = new Set([
  'denyAccess',
  'layRule',
  'lockForEmergencies',
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
  const { statement, author, time } = change;
  const { act } = statement.payload;
  checkMayWiden(standing, act, time);
  checkIsUnsuspected(standing, author, act, time);
  const apply = changes[act] as (standing: Patient, change: Change) => Patient;
  const applied = withLost(standing, apply(standing, change), author, time);
  const changed = { ...applied, links: standing.links + 1 };
  const isTooLong = () => canonicalJson({ ...changed, treating: [] }).length > MOST_BYTES;
  if (growing.has(act) && isTooLong()) throw new Failure('STANDING_LIMIT');
  return changed;
}

/** What a key brings that a recovery names lost is lost with it: it cannot go on under another name. */
function withLost(before: Patient, after: Patient, author: Author, time: number): Patient {
  const recovery = recoveryAt(after, time);
  if (!recovery || author.is !== 'patient' || !recovery.lost.includes(author.key)) return after;
  const keys = after.keys.filter(({ statement }) => before.keys.every((one) => one.statement !== statement));
  const delegates = after.delegates.filter(
    ({ delegation }) => !before.delegates.some((one) => one.delegation === delegation),
  );
  const brought = [...keys.map(({ sig }) => thumbprint(sig)), ...delegates.map(({ person }) => person)];
  if (brought.length === 0) return after;
  return { ...after, recovery: { ...recovery, lost: [...recovery.lost, ...brought] } };
}
