import { BlockBroken } from '../ledger/chain.ts';
import type { LedgerBlock } from '../ledger/ledger.ts';

/** A block as the follower hands it on. */
export interface ArrivedBlock extends LedgerBlock {
  /** the gateway's clock, in milliseconds, when a block arrived that was new on the ledger; else absent */
  arrivedAt?: number;
}

/** Something that is filled from blocks and remembers how far it has come. */
export interface Sink {
  /** for the log */
  readonly name: string;
  /**
   * Learns afresh how far it has come, before blocks are asked for.
   * @throws ForeignSink; anything else may be tried again
   */
  resume?(): Promise<void>;
  /** number of the block it needs next */
  next(): number;
  /**
   * Takes blocks in order, all of them or none. Blocks it has already are ignored.
   * @throws BlockBroken when a block is missing or cannot be read; anything else may be tried again
   */
  take(blocks: readonly ArrivedBlock[]): Promise<void>;
}

/** A sink holds what is not of this network: nothing may be added to it. */
export class ForeignSink extends Error {
  override readonly name = 'ForeignSink';
}

/**
 * The blocks that a sink does not have yet.
 * @throws BlockBroken unless they begin with the next one and leave none out
 */
export function freshBlocks(blocks: readonly ArrivedBlock[], next: number): ArrivedBlock[] {
  const fresh = blocks.filter((block) => block.number >= next);
  for (const [at, block] of fresh.entries()) {
    if (block.number !== next + at) throw new BlockBroken(block.number, `block ${next + at} was left out`);
  }
  return fresh;
}
