import { Failure } from '@chartkey/vocabulary';

/** Milliseconds of expiry that are forgotten together. */
const SPAN = 30_000;
/** Proofs of one device that are told apart at a time: 60 s at 4,000 a second. */
const MOST = 262_144;

/**
 * Which proofs were used, until they expire. A proof is never forgotten before, whatever else comes: a
 * device that makes too many is refused instead. Lost at a restart, which the log of releases makes up for.
 */
export class Replays {
  private readonly devices = new Map<string, Map<number, Set<string>>>();

  constructor(
    private readonly now: () => number,
    private readonly most: number = MOST,
  ) {}

  /**
   * Notes a proof. False when it was used before.
   * @param expiry milliseconds
   * @throws Failure TOO_MANY_REQUESTS
   */
  firstUse(device: string, jti: string, expiry: number): boolean {
    const spans = this.devices.get(device) ?? new Map<number, Set<string>>();
    this.devices.set(device, spans);
    const current = Math.floor(this.now() / SPAN);
    let kept = 0;
    for (const [span, used] of spans) {
      if (used.has(jti)) return false;
      if (span < current) spans.delete(span);
      else kept += used.size;
    }
    const span = Math.floor(expiry / SPAN);
    const used = spans.get(span) ?? new Set<string>();
    if (kept >= this.most) throw new Failure('TOO_MANY_REQUESTS');
    spans.set(span, used.add(jti));
    return true;
  }
}
