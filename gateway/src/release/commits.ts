import { Failure } from '@chartkey/vocabulary';
import { Recent } from './recent.ts';

/** Milliseconds that an entry's transaction, and then its block, is waited for. */
const WAIT = 5_000;
/** Requests of one organisation that may wait at a time. */
const MOST_WAITING = 32;
/** Transactions whose place is remembered; the 64 entries of one ask for it 64 times. */
const KEPT = 4096;

export interface CommitsParts {
  /** see `Ledger.commitOf` */
  ledger: { commitOf(transaction: string, milliseconds: number): Promise<{ block: number; valid: boolean }> };
  /** says when the revocation set has taken in a block; false when it did not in time */
  follower: { reached(block: number, milliseconds: number): Promise<boolean> };
}

/** Waits until this organisation's own peer, and then what follows its blocks, know of a transaction. */
export class Commits {
  private readonly waiting = new Map<string, number>();
  private readonly known = new Recent<string, Promise<{ block: number; valid: boolean }>>(KEPT);

  constructor(private readonly parts: CommitsParts) {}

  /**
   * The block in which the transaction has committed VALID.
   * @param asker the other organisation that asks; undefined when this one reads its own record
   * @throws Failure BUSY when it has not shown up in 5 s, or 32 of the asker's requests wait already;
   * ACCESS_UNKNOWN when the transaction is invalid, so that its entries never came to be
   */
  async of(transaction: string, asker: string | undefined): Promise<number> {
    if (asker === undefined) return this.wait(transaction);
    const waiting = this.waiting.get(asker) ?? 0;
    if (waiting >= MOST_WAITING) throw new Failure('BUSY');
    this.waiting.set(asker, waiting + 1);
    try {
      return await this.wait(transaction);
    } finally {
      const left = (this.waiting.get(asker) ?? 1) - 1;
      if (left > 0) this.waiting.set(asker, left);
      else this.waiting.delete(asker);
    }
  }

  /** Resolves when every revocation up to a block is known. @throws Failure BUSY when that takes over 5 s */
  async followed(block: number): Promise<void> {
    if (!(await this.parts.follower.reached(block, WAIT))) throw new Failure('BUSY');
  }

  private async wait(transaction: string): Promise<number> {
    const { ledger } = this.parts;
    const { block, valid } = await this.known
      .obtain(transaction, () => ledger.commitOf(transaction, WAIT))
      .catch((error: unknown) => {
        const late = error instanceof Failure && error.code === 'OUTCOME_UNKNOWN';
        throw late ? new Failure('BUSY') : error;
      });
    if (!valid) throw new Failure('ACCESS_UNKNOWN');
    return block;
  }
}
