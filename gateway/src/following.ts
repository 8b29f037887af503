import { Failure } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import type { DataFolder } from './data-folder.ts';
import { EventLog } from './events/event-log.ts';
import { News } from './events/news.ts';
import type { Ledger } from './ledger/ledger.ts';
import { BlockIndex } from './projection/block-index.ts';
import { Cursors } from './projection/cursor.ts';
import type { IndexPlace } from './projection/database.ts';
import { Follower } from './projection/follower.ts';
import { Lists } from './projection/lists.ts';
import { OverdueClock } from './projection/overdue-clock.ts';
import type { Sink } from './projection/sink.ts';
import { Revocations } from './release/revocations.ts';
import type { RetryKeys } from './retry-keys.ts';
import type { Anchor } from './vault/index.ts';

/** Milliseconds that a list waits for the index to take in what the own peer holds already. */
const CATCHING_UP = 2_000;

/** What a care member makes of the ledger's blocks. */
export interface Following {
  /** follows for the revocations alone, so that a release never waits for the index */
  revoking: Follower;
  revocations: Revocations;
  /** The lists, once they show all that the own peer held when asked. @throws Failure INDEX_BEHIND */
  lists(): Promise<Lists>;
  /** A version as our own blocks told it, however far they came; the newest unless one is named. */
  anchorOf(
    record: string,
    version: number | undefined,
  ): Promise<(Anchor & { custodian: string }) | undefined>;
  events: EventLog;
  /** rung when there are new events */
  news: News;
  close(): Promise<void>;
}

export interface FollowingParts {
  ledger: Ledger;
  folder: DataFolder;
  /** where the index lies */
  index: IndexPlace;
  network: string;
  log: Logger;
  retryKeys: RetryKeys;
  /** called when blocks are not followed any more */
  lost: (what: string) => void;
}

/** Opens what is filled from blocks, and begins to follow them. */
export async function followBlocks(parts: FollowingParts): Promise<Following> {
  const { ledger, folder, network, retryKeys } = parts;
  const revocations = Revocations.open({ folder: folder.of('revocations'), network });
  const news = new News();
  const index = await BlockIndex.open({ place: parts.index, network, news });
  const [revoking, indexing] = [followerOf(revocations, parts), followerOf(index, parts)];
  const cursors = new Cursors(Buffer.from(retryKeys.seal('cursors'), 'base64url'));
  const lists = new Lists(index.database, () => indexing.caughtUp, cursors);
  const current = async () => {
    if (!indexing.caughtUp) throw new Failure('INDEX_BEHIND');
    const height = await ledger.height();
    if (!(await indexing.reached(height - 1, CATCHING_UP))) throw new Failure('INDEX_BEHIND');
    return lists;
  };
  const events = new EventLog(index.database, () => index.next());
  revoking.start();
  indexing.start();
  const clock = new OverdueClock({ index, events, news, current, log: parts.log }).start();
  return {
    revoking,
    revocations,
    events,
    news,
    lists: current,
    async anchorOf(record, version) {
      const { database } = index;
      const of = await database
        .selectFrom('records')
        .select(['patient', 'custodian', 'version'])
        .where('record', '=', record)
        .executeTakeFirst();
      const wanted = version ?? of?.version ?? 0;
      const found = await database
        .selectFrom('versions')
        .select('commitment')
        .where('record', '=', record)
        .where('version', '=', wanted)
        .executeTakeFirst();
      if (!of || !found) return undefined;
      const { patient, custodian } = of;
      return { record, version: wanted, patient, custodian, commitment: found.commitment };
    },
    async close() {
      await clock.stop();
      await Promise.all([revoking.stop(), indexing.stop()]);
      revocations.close();
      await index.close();
    },
  };
}

function followerOf(sink: Sink, { ledger, log, lost }: FollowingParts): Follower {
  return new Follower({
    ledger,
    sinks: [sink],
    log,
    alarm: () => lost(`blocks are not followed any more (${sink.name})`),
  });
}
