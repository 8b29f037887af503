import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { type Column, createIndex, createTable, place } from './making-tables.ts';
import { reviews } from './reviews-migration.ts';
import type { IndexTables } from './tables.ts';

async function firstTables(db: Kysely<IndexTables>): Promise<void> {
  await createTable(
    db,
    'checkpoints',
    ['network'],
    [
      ['network', 'text'],
      ['next', 'integer'],
    ],
  );
  await createTable(
    db,
    'accesses',
    ['patient', 'block', 'nth'],
    [
      ['patient', 'text'],
      ['device', 'text'],
      ['time', 'text'],
      ['block', 'integer'],
      ['nth', 'integer'],
      ['late', 'integer', 'null'],
      ['entry', 'text'],
    ],
  );
  await createIndex(db, 'accesses', ['time', 'block', 'nth']);
  await createIndex(db, 'accesses', ['device', 'time', 'block', 'nth']);
  await createTable(
    db,
    'statements',
    ['statement'],
    [['statement', 'text'], ['act', 'text'], ['issuer', 'text'], ['committed_at', 'text'], ...place],
  );
  await createTable(
    db,
    'grants',
    ['grant'],
    [
      ['grant', 'text'],
      ['patient', 'text'],
      ['organisation', 'text'],
      ['facts', 'text'],
      ['uses', 'integer'],
      ['revoked_by', 'text', 'null'],
      ['revoked_block', 'integer', 'null'],
      ...place,
    ],
  );
  await createIndex(db, 'grants', ['patient', 'block', 'nth']);
  await createTable(
    db,
    'records',
    ['record'],
    [
      ['record', 'text'],
      ['patient', 'text'],
      ['custodian', 'text'],
      ['version', 'integer'],
      ['committed_at', 'text'],
      ...place,
    ],
  );
  await createIndex(db, 'records', ['patient', 'block', 'nth']);
  await createTable(
    db,
    'versions',
    ['record', 'version'],
    [
      ['record', 'text'],
      ['version', 'integer'],
      ['author', 'text'],
      ['commitment', 'text'],
      ['committed_at', 'text'],
      ...place,
    ],
  );
  await createTable(
    db,
    'devices',
    ['device'],
    [
      ['device', 'text'],
      ['organisation', 'text'],
      ['use', 'text'],
      ['status', 'text'],
      ['approved_at', 'text'],
      ['valid_until', 'text', 'null'],
      ...place,
    ],
  );
  await createIndex(db, 'devices', ['organisation', 'block', 'nth']);
  await createTable(
    db,
    'patients',
    ['patient'],
    [['patient', 'text'], ['enrolled_by', 'text'], ['enrolled_at', 'text'], ...place],
  );
  await createTable(
    db,
    'audit_queries',
    ['transaction'],
    [
      ['organisation', 'text'],
      ['device', 'text'],
      ['practitioner', 'text'],
      ['role', 'text'],
      ['question', 'text'],
      ['time', 'text'],
      ...place,
    ],
  );
}

/** What a grant's scope sees of a record. */
async function scopesOfRecords(db: Kysely<IndexTables>): Promise<void> {
  for (const [column, empty] of [
    ['made_at', ''],
    ['labels', '[]'],
  ] as const) {
    await db.schema
      .alterTable('records')
      .addColumn(column, 'text', (built) => built.notNull().defaultTo(empty))
      .execute();
  }
}

/**
 * Who is told of what. Blocks that were taken in before said nothing of it, so the index is emptied: all of it
 * comes back from the ledger.
 */
async function events(db: Kysely<IndexTables>): Promise<void> {
  for (const table of before) await db.deleteFrom(table).execute();
  for (const [column, type, may] of told) {
    await db.schema
      .alterTable('accesses')
      .addColumn(column, type, (built) => (may === 'null' ? built : built.notNull()))
      .execute();
  }
  await createIndex(db, 'accesses', ['organisation', 'block', 'nth']);
  await createIndex(db, 'accesses', ['custodian', 'block', 'nth'], { sparse: true });
  await createTable(
    db,
    'events',
    ['block', 'place'],
    [
      ['block', 'integer'],
      ['place', 'integer'],
      ['patient', 'text', 'null'],
      ['organisation', 'text', 'null'],
      ['event', 'text'],
    ],
  );
  for (const audience of ['patient', 'organisation']) {
    await createIndex(db, 'events', [audience, 'block', 'place'], { sparse: true });
  }
}

const told: Column[] = [
  ['organisation', 'text'],
  ['custodian', 'text', 'null'],
  ['place', 'integer'],
];

/** The tables of the first migration. */
const before = [
  ...(['checkpoints', 'accesses', 'statements', 'grants', 'records'] as const),
  ...(['versions', 'devices', 'patients', 'audit_queries'] as const),
];

/** What was passed on from a grant is revoked with it. */
async function originsOfGrants(db: Kysely<IndexTables>): Promise<void> {
  await db.schema.alterTable('grants').addColumn('origin', 'text').execute();
  await createIndex(db, 'grants', ['origin']);
}

/** Records that patients made, and what they correct; before this there were none. */
async function ownRecords(db: Kysely<IndexTables>): Promise<void> {
  const { schema } = db;
  const flag = schema.alterTable('records');
  await flag.addColumn('by_patient', 'integer', (built) => built.notNull().defaultTo(0)).execute();
  await schema.alterTable('records').addColumn('corrects', 'text').execute();
}

/** Numbered, applied in order, never changed once released: the next change is another number. */
const migrations: Record<string, Migration> = {
  '0001': { up: firstTables },
  '0002': { up: scopesOfRecords },
  '0003': { up: events },
  '0004': { up: originsOfGrants },
  '0005': { up: ownRecords },
  '0006': { up: (db) => reviews(db, [...before, 'events']) },
};

/**
 * Brings the index's tables up to date.
 * @throws what the database says, when it cannot
 */
export async function migrate(db: Kysely<IndexTables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
