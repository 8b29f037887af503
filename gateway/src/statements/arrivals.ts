import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';

/** Milliseconds that a transaction is waited for. */
const WAIT = 5_000;
/** Anybody may name a transaction, so only so many are waited for at a time. */
const MOST_WAITING = 32;
/** Milliseconds between looks at the state, each twice the one before: a peer stores a block before it applies it. */
const PAUSES = [10, 20, 40, 80, 160];

/** Waits for what another organisation's gateway has brought to the ledger and our own peer may lag behind with. */
export class Arrivals {
  private waiting = 0;

  constructor(private readonly ledger: Pick<Ledger, 'commitOf'>) {}

  /**
   * Whether a transaction stands in our own peer's chain as valid, within 5 s. Whether there is such a transaction
   * is its bearer's word: when it does not show up, all goes on as without.
   */
  async of(transaction: string): Promise<boolean> {
    if (this.waiting >= MOST_WAITING) return false;
    this.waiting += 1;
    try {
      return (await this.ledger.commitOf(transaction, WAIT)).valid;
    } catch (error) {
      if (error instanceof Failure && error.code === 'OUTCOME_UNKNOWN') return false;
      throw error;
    } finally {
      this.waiting -= 1;
    }
  }

  /** What a look at the state shows once it shows something, while that can still be expected. */
  async shown<Seen>(look: () => Promise<Seen | undefined>): Promise<Seen | undefined> {
    for (const wait of PAUSES) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await pause(wait);
    }
    return undefined;
  }
}
