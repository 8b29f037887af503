import { Lanes } from '../ledger/lanes.ts';

/**
 * So much work at a time and no more, so that a crowd waits here, where turns are taken, and not in the
 * one line of the event loop, where nobody new gets past it.
 */
export class Places {
  private readonly waiting = new Lanes<() => void>();
  private taken = 0;
  private caughtUp: () => void = () => undefined;

  /** @param most pieces of work under way at once */
  constructor(private readonly most: number) {}

  /** Whether more waits than is under way: what goes on to here may take its time. */
  get isBehind(): boolean {
    return this.waiting.size > this.most;
  }

  /** Has somebody told whenever it is not behind any more. */
  onCaughtUp(tell: () => void): void {
    this.caughtUp = tell;
  }

  /** Does a piece of work when there is a place for it. @param lane whose turn it takes */
  async take<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    if (this.taken < this.most) this.taken += 1;
    // Whoever leaves hands its place on, so that nobody slips in between.
    else await new Promise<void>((enter) => this.waiting.add(lane, enter));
    try {
      return await work();
    } finally {
      const wasBehind = this.isBehind;
      const next = this.waiting.take();
      if (next) next();
      else this.taken -= 1;
      if (wasBehind && !this.isBehind) this.caughtUp();
    }
  }
}
