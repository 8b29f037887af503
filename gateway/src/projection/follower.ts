import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import { BlockBroken } from '../ledger/chain.ts';
import type { Ledger, LedgerBlock } from '../ledger/ledger.ts';
import { type ArrivedBlock, ForeignSink, type Sink } from './sink.ts';

/** Blocks and transactions of one batch at most, give or take a block: a batch holds up the process. */
const BATCH_SIZE = 128;

/** A sink has blocks that the ledger does not: the ledger was replaced, or its sink's folder was. */
export class AheadOfLedger extends Error {
  override readonly name = 'AheadOfLedger';
  constructor(next: number, height: number) {
    super(
      `block ${next} is next here, but the ledger has only ${height} blocks: connect the ledger that belongs ` +
        'to this data folder',
    );
  }
}

export interface FollowerOptions {
  ledger: Pick<Ledger, 'blocks' | 'height'>;
  /** filled from one stream; a sink that must not wait for another gets a follower of its own */
  sinks: readonly Sink[];
  log: { warn(about: object, message: string): void; error(about: object, message: string): void };
  /** called once when following is over for good: the blocks cannot be trusted, or not be read */
  alarm?: (reason: Error) => void;
  /** milliseconds between two tries after an error: doubled up to the second */
  pauses?: readonly [first: number, longest: number];
}

/**
 * Feeds the ledger's blocks to sinks, from the first block that one of them lacks. Errors are logged and
 * tried again, but for a broken chain, a sink ahead of the ledger or of another network, and a member without a
 * right to blocks: these stop it for good, with an alarm.
 */
export class Follower {
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  /** blocks the ledger held when the stream began; undefined until it has said so */
  #goal: number | undefined;

  constructor(private readonly options: FollowerOptions) {}

  /** Number of the newest block that all sinks have; -1 before the first. */
  get height(): number {
    return Math.min(...this.options.sinks.map((sink) => sink.next())) - 1;
  }

  /** Do the sinks have every block that the ledger held when this stream of blocks began? */
  get caughtUp(): boolean {
    return this.#goal !== undefined && this.height + 1 >= this.#goal;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Returns when no sink is at work any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const wake of this.#waiting) wake();
  }

  /** Waits until all sinks have a block; false when they do not in time, or the follower stops. */
  async reached(block: number, milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (this.height < block && !this.#stopping.signal.aborted) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await this.#progress(left);
    }
    return this.height >= block;
  }

  #progress(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }

  async #run(): Promise<void> {
    const { log, alarm, pauses: [first, longest] = [100, 10_000] } = this.options;
    const { signal } = this.#stopping;
    let wait = first;
    while (!signal.aborted) {
      const before = this.height;
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        if (isFinal(error)) {
          this.#goal = undefined;
          log.error({ err: error, height: this.height }, 'blocks are not followed any more');
          alarm?.(error);
          return;
        }
        log.warn({ err: error, height: this.height, pause: wait }, 'following the blocks failed');
      }
      this.#goal = undefined;
      wait = this.height > before ? first : wait;
      await pause(wait, undefined, { signal }).catch(() => undefined);
      wait = Math.min(wait * 2, longest);
    }
  }

  /** Follows one stream until it fails or the follower stops. */
  async #follow(): Promise<void> {
    for (const sink of this.options.sinks) await sink.resume?.();
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, ending.signal]);
    const from = this.height + 1;
    const farthest = Math.max(...this.options.sinks.map((sink) => sink.next()));
    try {
      const asked = this.options.ledger.height().then((height) => {
        if (farthest > height) throw new AheadOfLedger(farthest, height);
        if (!signal.aborted) this.#goal = height;
      });
      asked.catch((error) => ending.abort(error));
      for await (const batch of this.#batches(from, signal)) {
        for (const sink of this.options.sinks) await sink.take(batch);
        for (const wake of this.#waiting) wake();
      }
      signal.throwIfAborted();
    } finally {
      ending.abort(new Error('the stream of blocks ended'));
    }
  }

  /** The blocks in batches: what has arrived meanwhile goes together, so a backlog is taken in large ones. */
  async *#batches(from: number, signal: AbortSignal): AsyncGenerator<ArrivedBlock[]> {
    const blocks = this.options.ledger.blocks(from, signal)[Symbol.asyncIterator]();
    const pull = () => {
      const pulled = blocks.next();
      // Its failure shows where it is awaited, which may be a batch later.
      pulled.catch(() => undefined);
      return pulled;
    };
    let coming = pull();
    for (;;) {
      let result: IteratorResult<LedgerBlock> | undefined = await coming;
      const batch: ArrivedBlock[] = [];
      let size = 0;
      while (result && !result.done) {
        batch.push(this.#arrived(result.value));
        size += 1 + result.value.transactions.length;
        coming = pull();
        if (size >= BATCH_SIZE) break;
        result = await Promise.race([coming, nextTurn(undefined)]);
      }
      if (batch.length > 0) yield batch;
      if (result?.done) return;
    }
  }

  /**
   * Only a block that was not there when the stream began arrives when it was committed (or, after the
   * peer was away, as late as it came back).
   */
  #arrived(block: LedgerBlock): ArrivedBlock {
    const isNew = this.#goal !== undefined && block.number >= this.#goal;
    return isNew ? { ...block, arrivedAt: Date.now() } : block;
  }
}

function isFinal(error: unknown): error is Error {
  return (
    error instanceof BlockBroken ||
    error instanceof AheadOfLedger ||
    error instanceof ForeignSink ||
    (error instanceof Failure && error.code === 'CARE_MEMBERS_ONLY')
  );
}
