import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, counted, type Result } from '../figure.ts';
import { memoryOf, startRun } from '../stage.ts';

/** R14: how soon the demo consortium is ready, at first and again on its data, and what it takes of memory when nobody asks it anything. */
export async function starting({ ledger, effort, portBase }: Bench): Promise<Result[]> {
  const [folder, base] = [mkdtempSync(join(tmpdir(), 'chartkey-bench-')), portBase()];
  const start = async () => {
    const began = performance.now();
    const run = await startRun(ledger, folder, base);
    return { run, seconds: (performance.now() - began) / 1000 };
  };
  const about = { beside: '', notes: [] };
  const first = await start();
  try {
    await pause(effort.quick ? 2_000 : 5_000);
    const sizes = [...memoryOf(first.run)];
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0) / 1e6;
    await first.run.stop();
    const second = await start();
    await second.run.stop();
    return [
      {
        ...{ ...about, id: 'R14 start', unit: 's', goal: { atMost: 5 }, figure: counted(first.seconds) },
        measured: 'seconds from nothing to a founded consortium whose gateways are ready',
      },
      {
        ...{ ...about, id: 'R14 start again', unit: 's', goal: { atMost: 5 } },
        measured: 'seconds to the same on the data of the first start',
        figure: counted(second.seconds),
      },
      {
        ...{ ...about, id: 'R14 memory', unit: 'MB', goal: { atMost: 600 }, figure: counted(total) },
        measured: 'proportional set size of all processes of the demo consortium, idle',
        notes: [sizes.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(0)}`).join(', ')],
      },
    ];
  } finally {
    await first.run.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
