/** Milliseconds that a key stays hot after a conflict. */
const HOT = 10_000;

/** Keys that changes fought over a moment ago, and those of them that a transaction is busy with. */
export class HotKeys {
  private readonly until = new Map<string, number>();
  private readonly held = new Set<string>();

  /** @param now a clock in milliseconds that never goes back */
  constructor(private readonly now: () => number) {}

  /** Notes that a lone item with these keys met a conflict. */
  heat(keys: readonly string[]): void {
    for (const [key, until] of this.until) {
      // Heated in the order of time, so the first one that is still hot ends the clearing.
      if (until > this.now()) break;
      this.until.delete(key);
    }
    for (const key of keys) {
      this.until.delete(key);
      this.until.set(key, this.now() + HOT);
    }
  }

  isHot(keys: readonly string[]): boolean {
    return keys.some((key) => (this.until.get(key) ?? 0) > this.now());
  }

  isHeld(keys: readonly string[]): boolean {
    return keys.some((key) => this.held.has(key));
  }

  /** Keeps other lone items with these keys waiting until the answered function is called. */
  hold(keys: readonly string[]): () => void {
    for (const key of keys) this.held.add(key);
    return () => {
      for (const key of keys) this.held.delete(key);
    };
  }
}
