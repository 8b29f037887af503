import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerKind } from '@chartkey/vocabulary';
import type { Bench } from './figure.ts';
import { fit, type Line } from './fit.ts';
import { checkLogged, logged } from './logged.ts';
import { Reader } from './reads.ts';
import { CONTENT, storeForPatients } from './records.ts';
import { type ProcessRole, processorSeconds } from './roles.ts';
import { percentile } from './rounds.ts';
import { chainBytesOf } from './stage.ts';

/** What was measured with so many reads in flight at one gateway. */
export interface Point {
  inFlight: number;
  readsPerSecond: number;
  /** milliseconds */
  p50: number;
  transactions: number;
  entries: number;
  /** of one copy of the chain */
  bytes: number;
  /** processor seconds by role, less what the role takes while nobody asks */
  seconds: Partial<Record<ProcessRole, number>>;
}

/** What reads cost a consortium, from points measured at several loads. */
export interface Costs {
  ledger: LedgerKind;
  date: string;
  points: Point[];
  /** processor seconds a second of each role at rest, all its processes together */
  atRest: Partial<Record<ProcessRole, number>>;
  /** processor seconds, all processes of a role together */
  processor: Partial<Record<ProcessRole, Line>>;
  bytes: Line;
  /** milliseconds from asking to plaintext: of a transaction, and more for each entry in it */
  latency: Line;
}

export const costsFile = (ledger: LedgerKind) =>
  join(import.meta.dirname, '..', '..', 'docs', 'benchmarks', `costs-${ledger}.json`);

/** Measures at several loads and fits costs by transaction and by entry. */
export async function measureCosts({ ledger, effort, stage: open }: Bench): Promise<Costs> {
  const stage = await open();
  const records = await storeForPatients(stage.river, 'RiversideMSP', 64);
  const reader = new Reader(stage.river, records, CONTENT);
  try {
    const atRest = await restOf(stage.run, effort.milliseconds);
    const points: Point[] = [];
    for (const inFlight of effort.quick ? [1, 16, 128] : [1, 4, 16, 64, 256]) {
      const time = effort.milliseconds * (effort.quick ? 2 : 5);
      await reader.perSecond(inFlight, time / 4);
      await checkLogged(stage, reader.accesses);
      const before = {
        transactions: (await logged(stage)).transactions,
        entries: reader.accesses.size,
        bytes: chainBytesOf(stage),
        seconds: processorSeconds(stage.run),
      };
      const times: number[] = [];
      const began = performance.now();
      const readsPerSecond = await reader.perSecond(inFlight, time, times);
      const elapsed = (performance.now() - began) / 1000;
      const after = processorSeconds(stage.run);
      await checkLogged(stage, reader.accesses);
      const seconds = Object.fromEntries(
        [...after].map(([role, sum]) => {
          return [role, Math.max(0, sum - before.seconds.get(role)! - (atRest[role] ?? 0) * elapsed)];
        }),
      );
      points.push({
        ...{ inFlight, readsPerSecond, p50: percentile(times, 0.5), seconds },
        transactions: (await logged(stage)).transactions - before.transactions,
        entries: reader.accesses.size - before.entries,
        bytes: chainBytesOf(stage) - before.bytes,
      });
    }
    return { ledger, date: new Date().toISOString().slice(0, 10), points, atRest, ...fitted(points) };
  } finally {
    reader.close();
  }
}

function fitted(points: readonly Point[]): Pick<Costs, 'processor' | 'bytes' | 'latency'> {
  const roles = Object.keys(points[0]!.seconds) as ProcessRole[];
  const line = (costOf: (point: Point) => number) =>
    fit(points.map((point) => ({ ...point, cost: costOf(point) })));
  const single = points.map(({ p50, transactions, entries }) => {
    return { transactions: 1, entries: entries / transactions, cost: p50 };
  });
  return {
    processor: Object.fromEntries(roles.map((role) => [role, line(({ seconds }) => seconds[role] ?? 0)])),
    bytes: line(({ bytes }) => bytes),
    latency: fit(single),
  };
}

async function restOf(run: Parameters<typeof processorSeconds>[0], milliseconds: number) {
  const before = processorSeconds(run);
  await pause(milliseconds);
  const after = [...processorSeconds(run)];
  return Object.fromEntries(
    after.map(([role, sum]) => [role, (sum - before.get(role)!) / (milliseconds / 1000)]),
  );
}

export function keepCosts(costs: Costs): void {
  const path = costsFile(costs.ledger);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(costs, null, 2)}\n`);
}
