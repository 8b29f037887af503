import { once } from 'node:events';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';

const empty = (number: number): LedgerBlock => ({ number, transactions: [] });

/** A chain in memory that serves its blocks as a ledger does: for ever, until aborted. */
export class GrowingChain {
  readonly blocksThere: LedgerBlock[] = [];
  readonly starts: number[] = [];
  /** thrown once by the stream that comes to a block */
  readonly failures = new Map<number, Error>();
  private grown = new EventTarget();

  constructor(
    blocks: number,
    private readonly make: (number: number) => LedgerBlock = empty,
  ) {
    this.grow(blocks);
  }

  grow(blocks: number): void {
    for (let more = 0; more < blocks; more += 1) this.blocksThere.push(this.make(this.blocksThere.length));
    this.grown.dispatchEvent(new Event('grown'));
  }

  height = async () => this.blocksThere.length;

  async *blocks(start: number, signal: AbortSignal): AsyncGenerator<LedgerBlock> {
    this.starts.push(start);
    for (let number = start; !signal.aborted; ) {
      const failure = this.failures.get(number);
      this.failures.delete(number);
      if (failure) throw failure;
      const next = this.blocksThere[number];
      if (next) {
        number += 1;
        yield next;
      } else {
        await once(this.grown, 'grown', { signal }).catch(() => undefined);
      }
    }
  }
}
