import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import type { Database } from '../../../gateway/src/projection/database.ts';
import type { IndexTables } from '../../../gateway/src/projection/tables.ts';
import { indexIn } from '../../support/services.ts';
import { NETWORK } from './chain-story.ts';

const tables: (keyof IndexTables)[] = [
  ...(['checkpoints', 'accesses', 'statements', 'grants', 'records'] as const),
  ...(['versions', 'devices', 'patients', 'audit_queries', 'events', 'reviews'] as const),
];

/** All rows of all tables, in an order that does not depend on how they were written. */
export async function everything(database: Database): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const rows = await database.selectFrom(table).selectAll().execute();
    found[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return found;
}

/** Opens the index that stands for a folder, where this project has them. */
export async function openIndex(folder: string, network = NETWORK): Promise<BlockIndex> {
  const index = await BlockIndex.open({ place: await indexIn(folder), network });
  await index.resume();
  return index;
}

/** The rows after blocks taken in portions; the index is closed and opened again where `reopens` says. */
export async function rowsIn(folder: string, portions: LedgerBlock[][], reopens: boolean[] = []) {
  let index = await openIndex(folder);
  for (const [at, blocks] of portions.entries()) {
    await index.take(blocks);
    if (!reopens[at]) continue;
    await index.close();
    index = await openIndex(folder);
  }
  const rows = await everything(index.database);
  await index.close();
  return rows;
}
