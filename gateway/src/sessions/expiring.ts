/**
 * A map whose entries end at their own time. There is no timer: what has ended is cleared while something
 * is added, at most once a second, so memory follows what is alive.
 */
export class Expiring<Value> {
  private readonly entries = new Map<string, { value: Value; until: number }>();
  private clearAt = 0;

  /**
   * @param most entries at most; beyond that the oldest goes first
   * @param now a clock in milliseconds since 1970
   */
  constructor(
    private readonly most: number,
    private readonly now: () => number = Date.now,
    private readonly ended: (value: Value) => void = () => {},
  ) {}

  /** entries held, some of which may have ended since the last clearing */
  get size(): number {
    return this.entries.size;
  }

  /** @param until milliseconds since 1970: the last instant the entry is good for */
  set(key: string, value: Value, until: number): void {
    this.clear();
    this.delete(key);
    this.entries.set(key, { value, until });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.most) break;
      this.delete(oldest);
    }
  }

  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (!entry || entry.until >= this.now()) return entry?.value;
    this.delete(key);
    return undefined;
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry && this.entries.delete(key)) this.ended(entry.value);
  }

  /** Removes what has ended. */
  clear(): void {
    const now = this.now();
    if (now < this.clearAt) return;
    this.clearAt = now + 1_000;
    for (const [key, { until }] of this.entries) if (until < now) this.delete(key);
  }
}
