import type { OnConflictBuilder, Transaction } from 'kysely';
import { announcementsOf } from '../events/announcements.ts';
import { News } from '../events/news.ts';
import { type Database, type IndexPlace, openDatabase } from './database.ts';
import { eventRows } from './event-rows.ts';
import { type Facts, factsOf } from './facts.ts';
import { unanswered } from './lists.ts';
import { migrate } from './migrations.ts';
import { overdueBefore, reviewsIn, untold } from './overdue-reviews.ts';
import { insertAll, portions } from './portions.ts';
import { type ArrivedBlock, ForeignSink, freshBlocks, type Sink } from './sink.ts';
import type { IndexTables } from './tables.ts';

/**
 * The index: a projection of blocks into tables that lists are read from. Rows and checkpoint are written
 * in one database transaction, so it is whole after any crash. It can be deleted at any time: what it
 * holds comes back from the ledger, but for which entries were late, which only a live follower can tell.
 */
export class BlockIndex implements Sink {
  readonly name = 'index';
  #next = 0;
  #lateEntries = 0;

  private constructor(
    readonly database: Database,
    private readonly network: string,
    private readonly news: News,
  ) {}

  /**
   * Opens the index; a missing or damaged one begins empty. A file can be used now or not at all, a server
   * may come later: the follower waits for it.
   * @param network the network's id
   * @param news rung when there are new events
   * @throws ForeignSink when a folder holds another network's index; Error when it cannot be written
   */
  static async open(parts: { place: IndexPlace; network: string; news?: News }): Promise<BlockIndex> {
    const { place, network, news = new News() } = parts;
    const index = new BlockIndex(await openDatabase(place), network, news);
    if ('url' in place) return index;
    try {
      await index.resume();
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  /** Also after a commit of which no answer came: what the tables say is so. */
  async resume(): Promise<void> {
    await migrate(this.database);
    const checkpoint = await this.database.selectFrom('checkpoints').selectAll().executeTakeFirst();
    if (checkpoint && checkpoint.network !== this.network) {
      throw new ForeignSink('this index is another network’s: delete it, nothing is lost, or give another');
    }
    if (!checkpoint) {
      const none = { network: this.network, next: 0 };
      await this.database.insertInto('checkpoints').values(none).onConflict(doNothing).execute();
    }
    this.#next = checkpoint?.next ?? 0;
    this.news.ring();
  }

  next(): number {
    return this.#next;
  }

  /** Entries, since this process began, that were committed more than 60 s after their time. */
  get lateEntries(): number {
    return this.#lateEntries;
  }

  async take(blocks: readonly ArrivedBlock[]): Promise<void> {
    const fresh = freshBlocks(blocks, this.#next);
    if (fresh.length === 0) return;
    const facts = factsOf(fresh);
    const announced = announcementsOf(fresh);
    const next = this.#next + fresh.length;
    const told = await this.database.transaction().execute(async (transaction) => {
      if (!(await this.moveTo(next, transaction))) {
        throw new Error('another process writes this index: give each gateway one of its own');
      }
      await write(transaction, facts);
      const all = [...(await reviewsIn(transaction, fresh)), ...announced];
      const { accesses, events, told: audiences } = await eventRows(transaction, all, facts.accesses);
      await insertAll(accesses, (rows) => transaction.insertInto('accesses').values(rows));
      await insertAll(events, (rows) => transaction.insertInto('events').values(rows));
      return audiences;
    });
    this.#next = next;
    this.#lateEntries += facts.accesses.filter(({ late }) => late === 1).length;
    this.news.ring(told);
  }

  /** Is a review overdue at a time, an `Instant`, that nobody was told of? @throws Failure INDEX_BEHIND */
  async hasOverdue(time: string): Promise<boolean> {
    return (await untold(this.database, time).catch(unanswered)).length > 0;
  }

  /** Tells of reviews that are overdue at a time that no block has shown. @returns the audiences */
  async tellOverdue(time: string): Promise<ReadonlySet<string>> {
    const block = this.#next;
    const telling = this.database.transaction().execute(async (transaction) => {
      // A block that comes meanwhile tells of them.
      const announced = (await this.moveTo(block, transaction))
        ? await overdueBefore(transaction, { time, block })
        : [];
      const { events, told } = await eventRows(transaction, announced, []);
      await insertAll(events, (rows) => transaction.insertInto('events').values(rows));
      return told;
    });
    return telling.catch(unanswered);
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }

  /** First of all, so that of two who write the same blocks one waits for the other and then leaves off. */
  private async moveTo(next: number, transaction: Writing): Promise<boolean> {
    const moved = await transaction
      .updateTable('checkpoints')
      .set({ next })
      .where('network', '=', this.network)
      .where('next', '=', this.#next)
      .executeTakeFirst();
    return moved.numUpdatedRows === 1n;
  }
}

const doNothing = (conflict: OnConflictBuilder<IndexTables, 'checkpoints'>) => conflict.doNothing();

type Writing = Transaction<IndexTables>;

async function write(transaction: Writing, facts: Facts): Promise<void> {
  await insertAll(facts.statements, (rows) => transaction.insertInto('statements').values(rows));
  await insertAll(facts.grants, (rows) => transaction.insertInto('grants').values(rows));
  await insertAll(facts.versions, (rows) => transaction.insertInto('versions').values(rows));
  await insertAll(facts.patients, (rows) =>
    transaction
      .insertInto('patients')
      .values(rows)
      .onConflict((conflict) => conflict.column('patient').doNothing()),
  );
  await insertAll(facts.auditQueries, (rows) => transaction.insertInto('audit_queries').values(rows));
  await insertAll([...facts.records.values()], (rows) =>
    transaction
      .insertInto('records')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('record').doUpdateSet((row) => ({
          version: row.ref('excluded.version'),
          committed_at: row.ref('excluded.committed_at'),
        })),
      ),
  );
  await insertAll([...facts.devices.values()], (rows) =>
    transaction
      .insertInto('devices')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('device').doUpdateSet((row) => ({
          status: row.ref('excluded.status'),
          approved_at: row.ref('excluded.approved_at'),
          valid_until: row.ref('excluded.valid_until'),
        })),
      ),
  );
  for (const { grant, patient, transaction: by, block } of facts.revocations) {
    for (const column of ['grant', 'origin'] as const) {
      await transaction
        .updateTable('grants')
        .set({ revoked_by: by, revoked_block: block })
        .where(column, '=', grant)
        .where('patient', '=', patient)
        .where('revoked_by', 'is', null)
        .execute();
    }
  }
  await updateUses(transaction, facts.uses);
}

/** A patient's grants stand in one value, so most of the uses it tells are known already. */
async function updateUses(transaction: Writing, uses: Facts['uses']): Promise<void> {
  for (const grants of portions([...uses.keys()])) {
    const known = await transaction
      .selectFrom('grants')
      .select(['grant', 'uses'])
      .where('grant', 'in', grants)
      .execute();
    for (const { grant, uses: before } of known) {
      const now = uses.get(grant) ?? before;
      if (now === before) continue;
      await transaction.updateTable('grants').set({ uses: now }).where('grant', '=', grant).execute();
    }
  }
}
