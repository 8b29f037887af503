import { checkIsMissing, readLateEntry } from '@chartkey/rules';
import {
  Failure,
  type FailureCode,
  type LateEntry,
  LateEntryState,
  queries,
  transactions,
} from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';
import type { Notes, Numbered } from './notes.ts';

/** What says nothing of an entry. */
const passing: ReadonlySet<FailureCode> = new Set([
  'LEDGER_UNAVAILABLE',
  'LEDGER_CONFLICT',
  'OUTCOME_UNKNOWN',
  'BUSY',
]);

type Asked = Pick<Ledger, 'evaluate' | 'submit'>;

/**
 * Compares what one bore witness to with what the ledger has: a number that stays out for a day is a dispute. An
 * entry that the ledger refuses keeps no other from becoming one.
 * @throws Failure the ledger's: of its absence at once, of refused entries the first
 */
export async function compare(
  notes: Notes,
  organisation: string,
  ledger: Asked,
  now: () => number = Date.now,
): Promise<void> {
  const refusals: unknown[] = [];
  for (const note of notes.open(organisation)) {
    const { number, entry, witnessed = '' } = note;
    try {
      if (await isSettled(note, ledger, now())) {
        await notes.put(organisation, number, { entry, witnessed, done: true });
      }
    } catch (error) {
      if (!(error instanceof Failure) || passing.has(error.code)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
}

/** Is it on the ledger, or a dispute there? One whose time is not up costs no transaction. */
async function isSettled(note: Numbered, ledger: Asked, now: number): Promise<boolean> {
  const { id, claims } = readLateEntry(note.entry);
  const anchored = await anchoredAs(claims.organisation, claims.number, ledger);
  if (anchored === id) return true;
  // Another entry with its number: this one will never be there.
  if (anchored === undefined && !isDue(claims, now)) return false;
  return isReported({ entry: note.entry, witnessed: note.witnessed ?? '' }, ledger);
}

function isDue(claims: LateEntry, now: number): boolean {
  try {
    checkIsMissing(claims, now);
    return true;
  } catch {
    return false;
  }
}

/** The id of the entry that the ledger has under a number. */
async function anchoredAs(organisation: string, number: number, ledger: Asked): Promise<string | undefined> {
  try {
    const answer = await ledger.evaluate(queries.lateEntry, organisation, String(number));
    return LateEntryState.parse(answer).id;
  } catch (error) {
    if (error instanceof Failure && error.code === 'ACCESS_UNKNOWN') return undefined;
    throw error;
  }
}

/** False while its organisation still has time. */
async function isReported(note: { entry: string; witnessed: string }, ledger: Asked): Promise<boolean> {
  try {
    await ledger.submit(transactions.reportMissingEntry, note);
    return true;
  } catch (error) {
    const code = error instanceof Failure ? error.code : undefined;
    if (code === 'LATE_ENTRY_NOT_DUE') return false;
    if (code === 'LATE_ENTRY_ANCHORED') return true;
    throw error;
  }
}
