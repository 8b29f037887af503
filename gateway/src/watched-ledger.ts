import type { Ledger } from './ledger/ledger.ts';
import type { Metrics } from './metrics.ts';

/** The ledger, its stages timed: endorsing, and from there to the known commit. */
export function watchedLedger(ledger: Ledger, metrics: Metrics): Ledger {
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
      return committed;
    },
  };
}
