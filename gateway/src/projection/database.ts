import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely';
import { migrate } from './migrations.ts';
import { connectPostgres } from './postgres.ts';
import type { IndexTables } from './tables.ts';

export type Database = Kysely<IndexTables>;

/** Where an index lies: in a folder of its own, or in a PostgreSQL database of its own. */
export type IndexPlace = { folder: string } | { url: string };

const FILE = 'index.sqlite';

/**
 * Opens the index's database. A server need not be there yet; a file is.
 * @throws Error of node:sqlite when the folder cannot be written
 */
export function openDatabase(place: IndexPlace): Promise<Database> {
  return 'url' in place ? connectPostgres(place.url) : openFolder(place.folder);
}

/** Nothing in a damaged file is worth keeping: it is made anew, and the follower fills it from block 0. */
async function openFolder(folder: string): Promise<Database> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  try {
    return await openFile(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    return openFile(path);
  }
}

async function openFile(path: string): Promise<Database> {
  const file = new DatabaseSync(path);
  try {
    // A power cut may take the last transactions, checkpoint and all: their blocks are read again.
    file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    file.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; PRAGMA busy_timeout = 5000');
    const database = new Kysely<IndexTables>({ dialect: new Sqlite({ database: adapted(file) }) });
    await migrate(database);
    return database;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Kysely migrates SQLite step by step, but SQLite can undo a table too: a migration cut short leaves nothing. */
class Sqlite extends SqliteDialect {
  override createAdapter() {
    return new AllOrNothing();
  }
}

class AllOrNothing extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true;
  }
}

/** node:sqlite in the shape of better-sqlite3, which Kysely's dialect expects. */
function adapted(file: DatabaseSync) {
  return {
    close: () => file.close(),
    prepare(sql: string) {
      const statement = file.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => statement.all(...(values as string[])),
        run: (values: readonly unknown[]) => statement.run(...(values as string[])),
        iterate: (values: readonly unknown[]) => statement.iterate(...(values as string[])),
      };
    },
  };
}

/** SQLITE_CORRUPT or SQLITE_NOTADB (https://www.sqlite.org/rescode.html). */
function isDamage(error: unknown): boolean {
  const code = Number((error as { errcode?: unknown }).errcode) & 0xff;
  return code === 11 || code === 26;
}
