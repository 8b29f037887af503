import { Failure } from '@chartkey/vocabulary';

/**
 * Bounds how many reads are inside, between their first question and their content, so that a crowd makes
 * nobody wait long: what is too much is refused at once (docs/adr/0021-a-read-too-many-is-refused-at-once.md).
 * When it is full, only those who have more than an even share inside are refused.
 */
export class Turnstile {
  private inside = 0;
  /** inside, of each who asks */
  private readonly of = new Map<string, number>();

  /** @param most reads inside at once, were there but one who asks */
  constructor(private readonly most: number) {}

  /** Whether one more of theirs would get in now. */
  hasRoomFor(who: string): boolean {
    if (this.inside < this.most) return true;
    const own = this.of.get(who) ?? 0;
    const askers = this.of.size + (own === 0 ? 1 : 0);
    return own < this.most / askers;
  }

  /** Does work inside. @throws Failure BUSY, at once, when this is one too many */
  async pass<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.hasRoomFor(who)) throw new Failure('BUSY');
    this.of.set(who, (this.of.get(who) ?? 0) + 1);
    this.inside += 1;
    try {
      return await work();
    } finally {
      this.inside -= 1;
      const left = (this.of.get(who) ?? 1) - 1;
      if (left > 0) this.of.set(who, left);
      else this.of.delete(who);
    }
  }
}
