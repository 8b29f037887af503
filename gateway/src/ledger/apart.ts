import { HotKeys } from './hot-keys.ts';

interface Keyed {
  /** what it may conflict on */
  readonly keys: readonly string[];
}

/** Parts of transactions to be tried again, and items that travel only among their like. */
export class Apart<Item extends Keyed> {
  private readonly batches: Item[][] = [];
  private readonly hot: HotKeys;
  private waiting = 0;

  /**
   * @param most items in one transaction
   * @param now a clock in milliseconds that never goes back
   */
  constructor(
    private readonly most: number,
    now: () => number,
  ) {
    this.hot = new HotKeys(now);
  }

  /** items waiting */
  get size(): number {
    return this.waiting;
  }

  /** Whether an item would spoil the transaction of others now. */
  belongs({ keys }: Item): boolean {
    return this.hot.isHot(keys);
  }

  /** With those that wait for the same key: what becomes of one of them becomes of all. */
  add(item: Item): void {
    const alike = this.batches.find(
      (batch) => batch.length < this.most && sharedKeys([...batch, item]).length > 0,
    );
    if (alike) alike.push(item);
    else this.batches.push([item]);
    this.waiting += 1;
  }

  /** In front of all others: these have waited longest. */
  again(batches: Item[][]): void {
    for (const batch of batches) this.waiting += batch.length;
    this.batches.unshift(...batches);
  }

  /** The next batch whose keys no transaction in flight holds. */
  next(): Item[] | undefined {
    const at = this.batches.findIndex((batch) => !this.hot.isHeld(sharedKeys(batch)));
    const [batch] = at < 0 ? [] : this.batches.splice(at, 1);
    this.waiting -= batch?.length ?? 0;
    return batch;
  }

  /** Holds what a batch of one hot key travels with; answers how to let go. */
  hold(batch: readonly Item[]): () => void {
    const keys = sharedKeys(batch);
    return this.hot.isHot(keys) ? this.hot.hold(keys) : () => undefined;
  }

  /** Tells that a transaction which had nothing but these keys conflicted. */
  heat(keys: readonly string[]): void {
    this.hot.heat(keys);
  }
}

/** The keys of a batch all of whose items have the same; none where they differ, or have none. */
export function sharedKeys(batch: readonly Keyed[]): readonly string[] {
  const [first] = batch;
  if (!first) return [];
  const isAlike = batch.every(
    ({ keys }) => keys.length === first.keys.length && keys.every((key, at) => key === first.keys[at]),
  );
  return isAlike ? first.keys : [];
}
