import type { LedgerKind } from '@chartkey/vocabulary';
import { CountedUnderneath } from './counted-underneath.ts';
import type { ShimCount } from './shim-relay.ts';
import { openStage, type Stage } from './stage.ts';

/** A stage and a count of every message that a chaincode sends its peer. */
export interface CountedStage extends Stage {
  countOf(transaction: string): ShimCount;
}

export async function openCountedStage(ledger: LedgerKind, portBase: number): Promise<CountedStage> {
  let counted: CountedUnderneath | undefined;
  const stage = await openStage(ledger, portBase, {}, (underneath) => {
    counted = new CountedUnderneath(underneath);
    return counted;
  });
  return {
    ...stage,
    countOf: (transaction) => counted!.of(transaction),
    async remove() {
      await stage.remove();
      counted!.stop();
    },
  };
}
