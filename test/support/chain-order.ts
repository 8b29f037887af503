import type { Ledger } from '@chartkey/gateway';
import type { LedgerBlock } from '../../gateway/src/ledger/ledger.ts';
import { connectAs } from './ledger-actor.ts';

/** Where a transaction stands on the chain; -1 position when it is invalid. */
export interface Place {
  block: number;
  position: number;
  valid: boolean;
}

/** Care members whose gateways may have told a test of a block. */
const tellers = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP'];

/** The height of the peer that is farthest: peers take blocks in at their own pace. */
async function farthest(): Promise<number> {
  const ledgers = tellers.map((one) => connectAs(one));
  const heights = await Promise.all(ledgers.map((ledger) => ledger.height()));
  for (const ledger of ledgers) ledger.close();
  return Math.max(...heights);
}

/** Waits until every such peer has taken a transaction in. */
export async function knownEverywhere(transaction: string): Promise<void> {
  const ledgers = tellers.map((one) => connectAs(one));
  await Promise.all(ledgers.map((ledger) => ledger.commitOf(transaction, 5_000)));
  for (const ledger of ledgers) ledger.close();
}

/** The blocks from one number on, up to the height that any peer has at the moment of asking. */
export async function blocksFrom(ledger: Ledger, first: number): Promise<LedgerBlock[]> {
  const height = await farthest();
  const blocks: LedgerBlock[] = [];
  if (first >= height) return blocks;
  const enough = new AbortController();
  for await (const block of ledger.blocks(first, enough.signal)) {
    blocks.push(block);
    if (block.number >= height - 1) enough.abort();
  }
  return blocks;
}

/** Each transaction's place, by its id. */
export function placesIn(blocks: readonly LedgerBlock[]): Map<string, Place> {
  return new Map(
    blocks.flatMap(({ number, transactions }) =>
      transactions.map(({ id, valid }, position) => [id, { block: number, position, valid }] as const),
    ),
  );
}

/** Does the first stand before the second? */
export const isBefore = (one: Place, other: Place) =>
  one.block === other.block ? one.position < other.position : one.block < other.block;
