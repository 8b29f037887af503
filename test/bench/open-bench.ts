import type { LedgerKind } from '@chartkey/vocabulary';
import { type Baseline, openBaseline } from './baseline-ledger.ts';
import { type CountedStage, openCountedStage } from './counted-stage.ts';
import type { Bench, Effort } from './figure.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';

/** Where ports begin: PORT_BASE, when the machine is shared with another run. */
const FIRST_PORT = Number(process.env['PORT_BASE'] ?? 21_001);
/** A consortium's ports lie within so many above its base. */
const PORTS_EACH = 300;

/** What figures share, opened when the first one asks. */
export function openBench(ledger: LedgerKind, effort: Effort): Bench & { close(): Promise<void> } {
  const stages = new Map<string, Promise<Stage>>();
  let baseline: Promise<Baseline> | undefined;
  let counted: Promise<CountedStage> | undefined;
  let bases = 0;
  const portBase = () => {
    bases += 1;
    return FIRST_PORT + (bases - 1) * PORTS_EACH;
  };
  return {
    ...{ ledger, effort, portBase },
    stage(options: StageOptions = {}) {
      const name = JSON.stringify(options);
      const stage = stages.get(name) ?? openStage(ledger, portBase(), options);
      stages.set(name, stage);
      return stage;
    },
    countedStage() {
      counted ??= openCountedStage(ledger, portBase());
      return counted;
    },
    baseline() {
      baseline ??= openBaseline(ledger, portBase());
      return baseline;
    },
    async close() {
      const all = [...stages.values(), ...[counted, baseline].filter((one) => one !== undefined)];
      // What could not be opened has said so to the figure that asked for it.
      await Promise.allSettled(all.map(async (one) => (await one).remove()));
    },
  };
}
