import { Failure, type FailureCode } from '@chartkey/vocabulary';
import { Apart, sharedKeys } from './apart.ts';
import { Lanes } from './lanes.ts';

/** How often an item that travels alone or among its like is tried before its conflict is its outcome. */
const TRIES_ALONE = 5;

/** Failures that no item of the transaction is to blame for: trying parts of it would not help. */
const blameless = new Set<FailureCode>(['LEDGER_UNAVAILABLE', 'BUSY', 'OUTCOME_UNKNOWN']);

export interface GroupOptions<Item, Outcome> {
  /**
   * Sends one transaction. Answers an outcome per item, in order. A `Failure` it throws must mean that
   * nothing was committed, except OUTCOME_UNKNOWN; anything else it throws is not tried again.
   */
  send(items: Item[]): Promise<Outcome[]>;
  /** Whose turn an item takes: those who ask share evenly, however much one of them asks. */
  fairBy(item: Item): string;
  /** What an item may conflict on with transactions elsewhere. */
  keysOf(item: Item): string[];
  /** items in one transaction at most */
  most?: number;
  /** transactions in flight below which an item leaves at once, however few go with it */
  early?: number;
  /** transactions in flight at most; from `early` on only full ones leave */
  inFlight?: number;
  /** items waiting at most; one more is refused with BUSY */
  queue?: number;
  /** whether an item leaves at the end of its turn of the event loop, with those that came in the same one */
  gathers?: boolean;
  /** what its outcomes go on to: while that is behind, nobody waits longer when only full transactions leave */
  next?: { readonly isBehind: boolean; onCaughtUp(tell: () => void): void } | undefined;
  /** a clock in milliseconds that never goes back */
  now?: () => number;
}

interface Traveller<Item, Outcome> {
  item: Item;
  keys: string[];
  triesAlone: number;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/**
 * Group commit without a timer. Below the limit of transactions in flight an item leaves at once; above
 * it items wait, and the next transaction takes what waited, fairly. So a lone item never waits and a
 * crowd shares. The limit grows with the crowd, since transactions that leave half empty take the
 * ledger's time from each other. A transaction that conflicts, or is refused whole, is tried again in
 * parts, so that one item's trouble never becomes its neighbour's.
 */
export class Group<Item, Outcome> {
  /** transactions in flight */
  inFlight = 0;
  /** transactions sent so far */
  transactions = 0;
  /** items taken so far */
  items = 0;
  /** items sent again so far, each time counted */
  resubmitted = 0;

  private readonly fresh = new Lanes<Traveller<Item, Outcome>>();
  private readonly apart: Apart<Traveller<Item, Outcome>>;
  /** transactions in flight that left with fresh items */
  private readonly leftFresh = new Set<Traveller<Item, Outcome>[]>();
  private readonly most: number;
  private readonly limit: number;
  private readonly queue: number;
  private apartsTurn = false;
  private gathering = false;

  constructor(private readonly options: GroupOptions<Item, Outcome>) {
    this.most = options.most ?? 64;
    this.limit = options.inFlight ?? 4;
    this.queue = options.queue ?? 4096;
    this.apart = new Apart(this.most, options.now ?? (() => performance.now()));
    options.next?.onCaughtUp(() => this.depart());
  }

  /** items waiting */
  get queued(): number {
    return this.apart.size + this.fresh.size;
  }

  /**
   * The item's outcome, once the transaction it travelled in is committed.
   * @throws Failure BUSY when the queue is full; LEDGER_CONFLICT when the item kept conflicting alone;
   * otherwise what `send` threw for a transaction with this item
   */
  add(item: Item): Promise<Outcome> {
    if (this.queued >= this.queue) return Promise.reject(new Failure('BUSY'));
    return new Promise((resolve, reject) => {
      const keys = this.options.keysOf(item);
      this.fresh.add(this.options.fairBy(item), { item, keys, triesAlone: 0, resolve, reject });
      this.items += 1;
      if (this.options.gathers) this.departTogether();
      else this.depart();
    });
  }

  private departTogether(): void {
    if (this.gathering || this.inFlight >= this.limit) return;
    this.gathering = true;
    setImmediate(() => {
      this.gathering = false;
      this.depart();
    });
  }

  private depart(): void {
    while (this.inFlight < this.limit) {
      const batch = this.nextBatch();
      if (!batch) return;
      void this.travel(batch);
    }
  }

  /** Those set apart and those freshly come take turns, so neither starves the other. */
  private nextBatch(): Traveller<Item, Outcome>[] | undefined {
    this.apartsTurn = !this.apartsTurn;
    if (this.apartsTurn) return this.apart.next() ?? this.nextFresh() ?? this.apart.next();
    return this.nextFresh() ?? this.apart.next();
  }

  private nextFresh(): Traveller<Item, Outcome>[] | undefined {
    const { early = 1, next } = this.options;
    if (this.fresh.size < this.most && (this.leftFresh.size >= early || next?.isBehind)) return undefined;
    const batch: Traveller<Item, Outcome>[] = [];
    // An item set apart has had its turn too, else one asker's hot items would crowd out the others'.
    for (let turns = 0; turns < this.most || batch.length === 0; turns += 1) {
      const traveller = this.fresh.take();
      if (!traveller) break;
      if (this.apart.belongs(traveller)) this.apart.add(traveller);
      else batch.push(traveller);
    }
    if (batch.length === 0) return undefined;
    this.leftFresh.add(batch);
    return batch;
  }

  private async travel(batch: Traveller<Item, Outcome>[]): Promise<void> {
    this.inFlight += 1;
    this.transactions += 1;
    const release = this.apart.hold(batch);
    try {
      const outcomes = await this.options.send(batch.map((traveller) => traveller.item));
      if (outcomes.length !== batch.length) {
        throw new Error(`${outcomes.length} outcomes came back for ${batch.length} items`);
      }
      batch.forEach((traveller, at) => {
        traveller.resolve(outcomes[at] as Outcome);
      });
    } catch (error) {
      this.failed(batch, error);
    }
    release();
    this.leftFresh.delete(batch);
    this.inFlight -= 1;
    this.depart();
  }

  private failed(batch: Traveller<Item, Outcome>[], error: unknown): void {
    const code = error instanceof Failure ? error.code : undefined;
    const keys = sharedKeys(batch);
    if (code === 'LEDGER_CONFLICT' && (batch.length === 1 || keys.length > 0)) {
      this.apart.heat(keys);
      for (const traveller of batch) traveller.triesAlone += 1;
      const left = batch.filter(({ triesAlone }) => triesAlone < TRIES_ALONE);
      for (const traveller of batch) if (!left.includes(traveller)) traveller.reject(error);
      if (left.length > 0) this.again(left);
    } else if (code !== undefined && !blameless.has(code) && batch.length > 1) {
      this.again(...partsOf(batch));
    } else {
      for (const traveller of batch) traveller.reject(error);
    }
  }

  private again(...batches: Traveller<Item, Outcome>[][]): void {
    for (const batch of batches) this.resubmitted += batch.length;
    this.apart.again(batches);
  }
}

/** As many parts as each has items: one culprit is alone after three or four tries, with few neighbours tried again. */
function partsOf<One>(batch: readonly One[]): One[][] {
  const size = Math.ceil(Math.sqrt(batch.length));
  const most = size < batch.length ? size : 1;
  return Array.from({ length: Math.ceil(batch.length / most) }, (_, at) =>
    batch.slice(at * most, (at + 1) * most),
  );
}
