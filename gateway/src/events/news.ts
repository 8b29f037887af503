import { type Audience, audienceKey } from './audience.ts';

/** Tells who listens that there is something new for them. What it is they read from the index. */
export class News {
  private readonly bells = new Map<string, Set<Bell>>();

  /** @param keys of the audiences that have something new; everybody when absent */
  ring(keys: Iterable<string> = this.bells.keys()): void {
    for (const key of keys) for (const bell of this.bells.get(key) ?? []) bell.ring();
  }

  /** A bell of one's own, until it is hung off. */
  listen(audience: Audience): Bell {
    const key = audienceKey(audience);
    const bells = this.bells.get(key) ?? new Set();
    const bell = new Bell(() => {
      bells.delete(bell);
      if (bells.size === 0 && this.bells.get(key) === bells) this.bells.delete(key);
    });
    this.bells.set(key, bells.add(bell));
    return bell;
  }
}

/** What setTimeout takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Rings for one listener; a ring that came while it was busy is not lost. */
export class Bell {
  private rung = false;
  private wake: (() => void) | undefined;

  constructor(readonly hangOff: () => void) {}

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Resolves at the next ring, after some time, or when the signal aborts. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.rung && !signal.aborted && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, Math.min(milliseconds, LONGEST));
        signal.addEventListener('abort', done);
        this.wake = done;
      });
    }
    this.rung = false;
  }
}
