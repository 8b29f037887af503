import { setTimeout as sleep } from 'node:timers/promises';
import { instantAt, type LedgerEvent, millisecondsOf } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import type { WebhookCalls } from './calls.ts';
import type { EventLog, EventPage } from './event-log.ts';
import type { Lanes } from './lanes.ts';
import type { News } from './news.ts';
import type { WebhookNote, WebhookNotes } from './webhook-notes.ts';

/** Events of one delivery. */
const MOST_EVENTS = 50;
/** Milliseconds that a receiver may fail before its webhook is paused. */
const PATIENCE = 3 * 86_400_000;
/** Milliseconds until the second try; doubles with each, up to the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 3_600_000;

export interface DeliveringParts {
  log: EventLog;
  news: News;
  notes: WebhookNotes;
  calls: WebhookCalls;
  lanes: Lanes;
  logger: Pick<Logger, 'warn'>;
  now: () => number;
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** What a webhook's end depends on. */
export interface WebhookOwner {
  /** may this webhook still be called? @throws Failure while the ledger does not say */
  stands(note: WebhookNote): Promise<boolean>;
  /** it may not, from now on */
  over(): Promise<void>;
}

/**
 * Hands one webhook its events: in the order of the chain, one call at a time, each until it is taken in. The
 * place is on disk before the next call, so after a crash a call may be repeated but none is left out.
 */
export class Delivering {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private tries = 0;

  constructor(
    private readonly parts: DeliveringParts,
    public note: WebhookNote,
    private readonly owner: WebhookOwner,
  ) {}

  start(): this {
    if (this.note.status === 'active') this.running = this.run();
    return this;
  }

  /** Breaks a call off: it will be repeated when the webhook is started again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { news } = this.parts;
    const { signal } = this.stopping;
    const bell = news.listen(this.note.owner);
    try {
      while (!signal.aborted && this.note.status === 'active') {
        const stands = await this.owner.stands(this.note).catch(() => undefined);
        if (stands === false) return await this.end();
        const page = stands && (await this.next());
        const done = page && (await this.handOver(page));
        if (!done) await this.rest();
        else if (!page.more) await bell.wait(Number.POSITIVE_INFINITY, signal);
      }
    } finally {
      bell.hangOff();
    }
  }

  /** A patient's webhook hears once that keys have changed, lest a thief silence it: what came before was its own. */
  private async end(): Promise<void> {
    const page = await this.next();
    const isTold = 'patient' in this.note.owner && page?.events.some(changesKeys);
    if (page && isTold) await this.handOver(page);
    await this.owner.over();
  }

  /** What comes next, up to where keys have changed: whether it may hear more is then asked again. */
  private async next(): Promise<EventPage | undefined> {
    const { owner, after } = this.note;
    const page = await this.parts.log.page(owner, after, MOST_EVENTS).catch(() => undefined);
    const at = page?.events.findIndex(changesKeys) ?? -1;
    const last = page?.events[at];
    return page && last ? { events: page.events.slice(0, at + 1), after: last.cursor, more: true } : page;
  }

  /** True when the receiver has taken in what it wants of a page. */
  private async handOver({ events, after }: EventPage): Promise<boolean> {
    const { kinds } = this.note;
    const wanted = events.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
    if (wanted.length === 0) {
      // Read again after a restart, which costs nobody anything.
      this.note = { ...this.note, after };
      return true;
    }
    const { failingSince: _over, ...note } = this.note;
    if (!(await this.call(wanted))) return false;
    this.tries = 0;
    await this.keep({ ...note, after });
    return true;
  }

  private async call(events: readonly LedgerEvent[]): Promise<boolean> {
    const { calls, lanes, logger } = this.parts;
    const { signal } = this.stopping;
    const { webhook, owner } = this.note;
    const status = await lanes.take(owner, async () =>
      signal.aborted ? undefined : calls.deliver(this.note, events, signal),
    );
    if (status !== undefined && status >= 200 && status < 300) return true;
    if (signal.aborted) return false;
    if (this.tries === 0) logger.warn({ webhook, status }, 'a webhook did not take its events in; trying on');
    await this.fail();
    return false;
  }

  private async fail(): Promise<void> {
    const { now, logger } = this.parts;
    const { failingSince = instantAt(now()), webhook } = this.note;
    const isOver = now() - millisecondsOf(failingSince) > PATIENCE;
    if (isOver) logger.warn({ webhook }, 'a webhook is paused: nobody took its events in for three days');
    if (isOver || this.note.failingSince === undefined) {
      await this.keep({ ...this.note, failingSince, status: isOver ? 'paused' : 'active' });
    }
  }

  /** A place that cannot be written is kept in mind: a restart would repeat what was taken in. */
  private async keep(note: WebhookNote): Promise<void> {
    this.note = note;
    await this.parts.notes.put(note).catch(() => {
      this.parts.logger.warn({ webhook: note.webhook }, 'a webhook’s place could not be written');
    });
  }

  private async rest(): Promise<void> {
    if (this.note.status !== 'active') return;
    const { pause = (milliseconds, signal) => sleep(milliseconds, undefined, { signal }) } = this.parts;
    const longest = Math.min(FIRST_PAUSE * 2 ** this.tries, LONGEST_PAUSE);
    this.tries += 1;
    // Half of it is random, so that receivers which failed together are not called together.
    await pause(longest * (0.5 + Math.random() / 2), this.stopping.signal).catch(() => undefined);
  }
}

const changesKeys = ({ kind }: LedgerEvent) => kind === 'key-change' || kind === 'recovery';
