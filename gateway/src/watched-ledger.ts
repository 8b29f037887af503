import type { Ledger } from './ledger/ledger.ts';
import type { Metrics } from './metrics.ts';
import { Recent } from './release/recent.ts';

/** Own transactions whose place in the chain is remembered. */
const KEPT = 4096;

/**
 * The ledger, its stages timed: endorsing, and from there to the known commit. What our own submission
 * learned of a transaction's commit is not asked for again.
 */
export function watchedLedger(ledger: Ledger, metrics: Metrics): Ledger {
  const own = new Recent<string, { block: number; valid: boolean }>(KEPT);
  return {
    ...ledger,
    async submit(transaction, input, { when } = {}) {
      const endorsing = metrics.clock('endorse');
      let committing: (() => void) | undefined;
      const committed = await ledger.submit(transaction, input, {
        when(result) {
          endorsing();
          const goesOn = when?.(result) ?? true;
          if (goesOn) committing = metrics.clock('commit');
          return goesOn;
        },
      });
      committing?.();
      if (committing) own.set(committed.transaction, { block: committed.block, valid: true });
      return committed;
    },
    commitOf: async (transaction, milliseconds) =>
      own.get(transaction) ?? (await ledger.commitOf(transaction, milliseconds)),
  };
}
