/** The way to a ledger that a test keeps in its hand: transactions arrive when, and as, the test says. */
export class Road {
  /** every transaction that left, in order */
  readonly sent: string[][] = [];
  /** for each departure, all items then on the road */
  readonly together: string[][] = [];
  private readonly arrivals = new Map<number, (error?: Error) => void>();

  readonly send = (items: string[]): Promise<string[]> => {
    const number = this.sent.push(items) - 1;
    return new Promise((resolve, reject) => {
      this.arrivals.set(number, (error) => {
        if (error) reject(error);
        else resolve(items.map((item) => `done ${item}`));
      });
      this.together.push([...this.arrivals.keys()].flatMap((one) => this.sent[one] ?? []));
    });
  };

  /** numbers of the transactions on the road */
  get travelling(): number[] {
    return [...this.arrivals.keys()];
  }

  async arrive(number: number, error?: Error): Promise<void> {
    const arrival = this.arrivals.get(number);
    if (!arrival) throw new Error(`transaction ${number} is not on the road`);
    this.arrivals.delete(number);
    arrival(error);
    // Whoever hears of an arrival does so in microtasks; a macrotask comes after all of them.
    await new Promise(setImmediate);
  }

  /** Lets transactions arrive, oldest first, until the road is empty. */
  async arriveAll(verdict: (items: string[]) => Error | false = () => false): Promise<void> {
    for (let next = this.travelling[0]; next !== undefined; next = this.travelling[0]) {
      await this.arrive(next, verdict(this.sent[next] ?? []) || undefined);
    }
  }
}
