import type { Kysely } from 'kysely';
import { createIndex, createTable } from './making-tables.ts';
import type { IndexTables } from './tables.ts';

/**
 * Which reviews are awaited. Blocks that were taken in before said nothing of it, so the index is emptied: all of
 * it comes back from the ledger.
 */
export async function reviews(db: Kysely<IndexTables>, filled: readonly (keyof IndexTables)[]) {
  for (const table of filled) await db.deleteFrom(table).execute();
  await createTable(
    db,
    'reviews',
    ['opening'],
    [
      ['opening', 'text'],
      ['patient', 'text'],
      ['organisation', 'text'],
      ['review_by', 'text'],
      ['told', 'integer'],
      ['transaction', 'text'],
      ['block', 'integer'],
    ],
  );
  await createIndex(db, 'reviews', ['told', 'review_by']);
}
