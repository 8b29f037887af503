import { setTimeout as pause } from 'node:timers/promises';
import { Failure, instantAt } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import type { EventLog } from '../events/event-log.ts';
import type { News } from '../events/news.ts';
import type { BlockIndex } from './block-index.ts';

/** Milliseconds between two looks. */
const LOOK = 5_000;
/** Milliseconds past the deadline until the clock speaks: by then no block of an earlier time comes, as a rule. */
const GRACE = 60_000;

export interface OverdueClockParts {
  index: Pick<BlockIndex, 'hasOverdue' | 'tellOverdue'>;
  events: Pick<EventLog, 'renew'>;
  news: News;
  /** @throws Failure while the index does not show what the own peer holds */
  current: () => Promise<unknown>;
  log: Pick<Logger, 'warn'>;
}

/** Tells of overdue reviews while no block comes whose time would. */
export class OverdueClock {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: OverdueClockParts) {}

  start(): this {
    this.running = this.run();
    return this;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        // An index or a ledger that is away may hide a review: it is looked at again.
        if (!(error instanceof Failure))
          this.parts.log.warn({ err: error }, 'overdue reviews cannot be told');
      }
      await pause(LOOK, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { index, events, news, current } = this.parts;
    const time = instantAt(Date.now() - GRACE);
    if (!(await index.hasOverdue(time))) return;
    await current();
    const told = await index.tellOverdue(time);
    events.renew();
    news.ring(told);
  }
}
