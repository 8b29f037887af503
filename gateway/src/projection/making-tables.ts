import type { Kysely } from 'kysely';
import type { IndexTables } from './tables.ts';

export type Column = readonly [name: string, type: 'text' | 'integer', may?: 'null'];

/** Where a row stands on the chain. */
export const place: Column[] = [
  ['transaction', 'text'],
  ['block', 'integer'],
  ['nth', 'integer'],
];

export async function createTable(
  db: Kysely<IndexTables>,
  name: keyof IndexTables,
  key: string[],
  columns: Column[],
): Promise<void> {
  let table = db.schema.createTable(name);
  for (const [column, type, may] of columns) {
    table = table.addColumn(column, type, (built) => (may === 'null' ? built : built.notNull()));
  }
  await table.addPrimaryKeyConstraint(`${name}_key`, key as never).execute();
}

/**
 * A list's index: what the list is of, then the chain's order (or the time's).
 * @param options.sparse leaves out rows that are of nothing
 */
export async function createIndex(
  db: Kysely<IndexTables>,
  table: keyof IndexTables,
  columns: string[],
  { sparse = false } = {},
) {
  const index = db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns(columns);
  await (sparse ? index.where(columns[0] ?? '', 'is not', null) : index).execute();
}
