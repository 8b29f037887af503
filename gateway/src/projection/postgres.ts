import { Kysely, PostgresDialect } from 'kysely';
import type { IndexTables } from './tables.ts';

/** Connections of one gateway; a list that finds none free in time is tried again by whoever asked. */
const CONNECTIONS = 8;
/** Milliseconds until a connection stands, or one is free. */
const CONNECTING = 3_000;
/** Milliseconds until an answer is there. */
const ANSWERING = 10_000;

/**
 * The index's database on PostgreSQL; connects when it is first asked, and anew whenever a connection broke.
 * Its driver is loaded only here.
 * @param url as PostgreSQL has it (`postgresql://…`), its TLS settings among it
 */
export async function connectPostgres(url: string): Promise<Kysely<IndexTables>> {
  const { Pool } = await import('pg');
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECTING,
    query_timeout: ANSWERING,
    keepAlive: true,
  });
  // A connection that breaks is replaced at the next query, which says so if it cannot be; without a listener
  // of its own one that breaks between two queries of a transaction would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return new Kysely<IndexTables>({ dialect: new PostgresDialect({ pool }) });
}
