import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, counted, type Result } from '../figure.ts';
import { memoryOf, openStage } from '../stage.ts';

/** R14: how soon the demo consortium is ready, and what it takes of memory when nobody asks it anything. */
export async function starting(bench: Bench): Promise<Result[]> {
  const began = performance.now();
  const stage = await openStage(bench.ledger, bench.portBase());
  const seconds = (performance.now() - began) / 1000;
  try {
    await pause(5_000);
    const sizes = [...memoryOf(stage.run)];
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0) / 1e6;
    return [
      {
        ...{
          id: 'R14 start',
          measured: 'seconds from nothing to a founded consortium whose gateways are ready',
        },
        ...{ beside: '', unit: 's', goal: { atMost: 5 }, figure: counted(seconds), notes: [] },
      },
      {
        ...{
          id: 'R14 memory',
          measured: 'proportional set size of all processes of the demo consortium, idle',
        },
        ...{ beside: '', unit: 'MB', goal: { atMost: 600 }, figure: counted(total) },
        notes: [sizes.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(0)}`).join(', ')],
      },
    ];
  } finally {
    await stage.remove();
  }
}
