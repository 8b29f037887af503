/** So many pieces of work at once; the others wait in the order they came. */
export class AtOnce {
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly most: number) {}

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.busy >= this.most) await new Promise<void>((turn) => this.waiting.push(turn));
    else this.busy += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.busy -= 1;
    }
  }
}
