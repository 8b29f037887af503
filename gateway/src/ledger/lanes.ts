/** A queue in which each lane has its turn, however long its neighbours' queues are (round robin). */
export class Lanes<Item> {
  /** lanes that have items waiting, in the order of their turns */
  private readonly waiting = new Map<string, Item[]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(lane: string, item: Item): void {
    const items = this.waiting.get(lane);
    if (items) items.push(item);
    else this.waiting.set(lane, [item]);
    this.count += 1;
  }

  /** The oldest item of the lane whose turn it is; that lane goes to the end of the round. */
  take(): Item | undefined {
    for (const [lane, items] of this.waiting) {
      const item = items.shift();
      this.waiting.delete(lane);
      if (items.length > 0) this.waiting.set(lane, items);
      this.count -= 1;
      return item;
    }
    return undefined;
  }
}
