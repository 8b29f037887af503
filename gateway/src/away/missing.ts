import { readLateEntry } from '@chartkey/rules';
import { Failure, LateEntryState, queries, transactions } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';
import type { Notes, Numbered } from './notes.ts';

type Asked = Pick<Ledger, 'evaluate' | 'submit'>;

/**
 * Compares what one bore witness to with what the ledger has: a number that stays out for a day is a dispute.
 * @throws Failure the ledger's
 */
export async function compare(notes: Notes, organisation: string, ledger: Asked): Promise<void> {
  for (const note of notes.open(organisation)) {
    const { number, entry, witnessed = '' } = note;
    if (
      !(await isAnchored(organisation, note, ledger)) &&
      !(await isReported({ entry, witnessed }, ledger))
    ) {
      continue;
    }
    await notes.put(organisation, number, { entry, witnessed, done: true });
  }
}

async function isAnchored(
  organisation: string,
  { number, entry }: Numbered,
  ledger: Asked,
): Promise<boolean> {
  try {
    const answer = await ledger.evaluate(queries.lateEntry, organisation, String(number));
    return LateEntryState.parse(answer).id === readLateEntry(entry).id;
  } catch (error) {
    if (error instanceof Failure && error.code === 'ACCESS_UNKNOWN') return false;
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
