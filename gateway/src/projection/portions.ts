import { setImmediate as nextTurn } from 'node:timers/promises';

/** Rows of one insert: well under SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const ROWS_AT_ONCE = 250;

/** Inserts in portions, and lets requests have their turn between them: node:sqlite blocks the process. */
export async function insertAll<Row>(
  rows: readonly Row[],
  insert: (rows: Row[]) => { execute(): Promise<unknown> },
): Promise<void> {
  for (const [at, portion] of portions(rows).entries()) {
    if (at > 0) await nextTurn();
    await insert(portion).execute();
  }
}

/** The rows in portions that one query takes. */
export function portions<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / ROWS_AT_ONCE);
  return Array.from({ length: count }, (_, at) => rows.slice(at * ROWS_AT_ONCE, (at + 1) * ROWS_AT_ONCE));
}
