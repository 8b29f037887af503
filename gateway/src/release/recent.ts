/** A map of at most so many entries: the one longest unused goes first. */
export class Recent<Key, Value> {
  private readonly entries = new Map<Key, Value>();

  /** @param most entries kept, at least 1 */
  constructor(private readonly most: number) {}

  get(key: Key): Value | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.most) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  delete(key: Key): void {
    this.entries.delete(key);
  }

  /**
   * The value at a key, made when it is not here. Who asks meanwhile waits for the same one; one that
   * could not be made is not kept.
   */
  async obtain<Made>(this: Recent<Key, Promise<Made>>, key: Key, make: () => Promise<Made>): Promise<Made> {
    const kept = this.get(key);
    if (kept) return kept;
    const making = make();
    this.set(key, making);
    making.catch(() => {
      if (this.entries.get(key) === making) this.entries.delete(key);
    });
    return making;
  }
}
