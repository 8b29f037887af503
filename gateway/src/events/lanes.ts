import { AtOnce } from './at-once.ts';
import { type Audience, audienceKey } from './audience.ts';

/** So many calls at once of all owners, and so many of each, whose slow receivers hold up nobody else's. */
export class Lanes {
  private readonly all: AtOnce;
  private readonly owners = new Map<string, { lanes: AtOnce; calls: number }>();

  constructor(
    most: number,
    private readonly ofEach: number,
  ) {
    this.all = new AtOnce(most);
  }

  async take<Result>(owner: Audience, work: () => Promise<Result>): Promise<Result> {
    const key = audienceKey(owner);
    const own = this.owners.get(key) ?? { lanes: new AtOnce(this.ofEach), calls: 0 };
    this.owners.set(key, own);
    own.calls += 1;
    try {
      return await own.lanes.take(() => this.all.take(work));
    } finally {
      own.calls -= 1;
      if (own.calls === 0) this.owners.delete(key);
    }
  }
}
