import { Failure, type LedgerEvent, millisecondsOf } from '@chartkey/vocabulary';
import type { Caller, EventStream, Page } from '../gateway.ts';
import type { Audience } from './audience.ts';
import type { EventLog } from './event-log.ts';
import type { News } from './news.ts';

/** Events of one page, and the most of a stream that wait for a slow reader. */
const PAGE_SIZE = 50;
/** Streams of all callers together. */
const MOST_STREAMS = 10_000;

export interface ListeningParts {
  log: EventLog;
  news: News;
  /** @throws Failure INDEX_BEHIND while the index does not show what the own peer holds */
  current: () => Promise<unknown>;
  /** do the caller's device or key still stand? @throws Failure the ledger's, which breaks a stream off */
  stands: (caller: Caller) => Promise<boolean>;
  /** the cursor of now, as the own peer knows it @throws Failure INDEX_BEHIND */
  now: () => Promise<string>;
  /** streams of one device or patient at once */
  streamsPerCaller: number;
}

/** Tells callers what happens; who may hear whose events is decided before. */
export class Listening {
  /** open streams by caller */
  private readonly open = new Map<string, number>();
  private count = 0;

  constructor(private readonly parts: ListeningParts) {}

  /** A page of events, oldest first. @throws Failure INDEX_BEHIND, CURSOR_INVALID */
  async page(audience: Audience, after: string): Promise<Page<LedgerEvent>> {
    await this.parts.current();
    const page = await this.parts.log.page(audience, after, PAGE_SIZE);
    return page.more ? { items: page.events, next: page.after } : { items: page.events };
  }

  /**
   * Events as they come, until the caller's session ends, or its device or key is revoked. A stream is read from the index from where the one
   * before it ended, so none is left out; news only say when to look.
   * @param after where to begin; now when absent
   * @throws Failure TOO_MANY_STREAMS, BUSY, INDEX_BEHIND
   */
  async follow(caller: Caller, audience: Audience, { after, beat, signal }: Following): Promise<EventStream> {
    const from = after ?? (await this.parts.now());
    const leave = this.enter(`${caller.session.subject} ${caller.session.id}`);
    return { from, batches: this.batches(caller, audience, { after: from, beat, signal }), leave };
  }

  private async *batches(
    caller: Caller,
    audience: Audience,
    { after, beat, signal }: Following & { after: string },
  ): AsyncGenerator<LedgerEvent[]> {
    const { log, news, stands } = this.parts;
    const until = millisecondsOf(caller.session.until);
    const bell = news.listen(audience);
    try {
      for (let at = after; !signal.aborted && Date.now() < until && (await stands(caller)); ) {
        const page = await log.page(audience, at, PAGE_SIZE);
        at = page.after;
        yield page.events;
        // A timer may ring a millisecond before the clock is there.
        if (!page.more) await bell.wait(Math.min(beat, until - Date.now() + 1), signal);
      }
    } finally {
      bell.hangOff();
    }
  }

  private enter(who: string): () => void {
    const open = this.open.get(who) ?? 0;
    if (open >= this.parts.streamsPerCaller) throw new Failure('TOO_MANY_STREAMS');
    if (this.count >= MOST_STREAMS) throw new Failure('BUSY');
    this.open.set(who, open + 1);
    this.count += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.count -= 1;
      const now = (this.open.get(who) ?? 1) - 1;
      if (now > 0) this.open.set(who, now);
      else this.open.delete(who);
    };
  }
}

export interface Following {
  after?: string | undefined;
  /** milliseconds after which a batch comes, be it empty */
  beat: number;
  signal: AbortSignal;
}
