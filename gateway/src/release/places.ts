import { Lanes } from '../ledger/lanes.ts';

/**
 * So much work at a time and no more, so that a crowd waits here, where turns are taken, and not in the
 * one line of the event loop, where nobody new gets past it.
 */
export class Places {
  private readonly waiting = new Lanes<() => void>();
  private taken = 0;

  /** @param most pieces of work under way at once */
  constructor(private readonly most: number) {}

  /** Does a piece of work when there is a place for it. @param lane whose turn it takes */
  async take<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    if (this.taken < this.most) this.taken += 1;
    // Whoever leaves hands its place on, so that nobody slips in between.
    else await new Promise<void>((enter) => this.waiting.add(lane, enter));
    try {
      return await work();
    } finally {
      const next = this.waiting.take();
      if (next) next();
      else this.taken -= 1;
    }
  }
}
