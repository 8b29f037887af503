import type { Handed } from './handed.ts';
import { Recent } from './recent.ts';

/** Milliseconds that a check stands for: content that begins later is checked again. */
export const FRESH = 1_000;

/** Releases to other gateways that are remembered for their first sealed bytes. */
const KEPT = 1_024;
/** Bytes of the longest leaves that are kept with them; for longer content one more check is little. */
const MOST_LEAVES = 4_096;

/**
 * Releases of a moment ago: the sealed bytes that a gateway asks for next need no second check
 * (docs/adr/0025-what-was-just-checked-is-not-checked-again.md). Each serves once, and holds no key.
 */
export class FreshReleases {
  private readonly kept = new Recent<string, { handed: Handed; until: number }>(KEPT);

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  /** Remembers a release whose data key was wrapped and wiped. */
  keep(recipient: string, handed: Handed): void {
    const { opened, claim } = handed;
    if (opened.version.leaves.length > MOST_LEAVES) return;
    this.kept.set(nameOf(claim.entry.access, recipient), { handed, until: this.now() + FRESH });
  }

  /** The release, if it was made within the last second and has not been taken yet. */
  take(access: string, recipient: string): Handed | undefined {
    const name = nameOf(access, recipient);
    const one = this.kept.get(name);
    this.kept.delete(name);
    return one && this.now() <= one.until ? one.handed : undefined;
  }
}

const nameOf = (access: string, recipient: string) => `${access} ${recipient}`;
