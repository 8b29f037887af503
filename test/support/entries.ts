import { type AccessEntry, AccessesState, entriesOf } from '@chartkey/vocabulary';
import type { LedgerBlock } from '../../gateway/src/ledger/ledger.ts';

/** Every entry of valid transactions in these blocks, in the chain's order. */
export function entriesIn(blocks: readonly LedgerBlock[]): (AccessEntry & { block: number })[] {
  return blocks.flatMap(({ number, transactions }) =>
    transactions.flatMap(({ id, valid, writes }) =>
      writes
        .filter(({ objectType }) => valid && objectType === 'accesses')
        .flatMap(({ value }) => entriesOf(id, AccessesState.parse(value)))
        .map((entry) => ({ ...entry, block: number })),
    ),
  );
}
