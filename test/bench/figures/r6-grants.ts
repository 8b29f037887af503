import { randomBytes } from 'node:crypto';
import { oneByOne } from '../crowd.ts';
import { type Bench, counted, type Result } from '../figure.ts';
import { LedgerDevice } from '../ledger-device.ts';
import { makeGrants } from '../many-grants.ts';
import type { Plot, Series } from '../plots.ts';
import { persistently } from '../raw-client.ts';
import { patientsWithRecord } from '../records.ts';
import { abba, median, sayLatency } from '../rounds.ts';
import type { ShimCount } from '../shim-relay.ts';

/** A patient who made so many grants. */
interface Granted {
  grants: number;
  live: number;
  record: string;
  times: number[];
}

/** R6, the grants: what deciding an access costs when its patient has made many. */
export async function manyGrants(bench: Bench): Promise<Result> {
  const { effort, ledger } = bench;
  const stage = await bench.countedStage();
  const lake = new LedgerDevice(stage, stage.lake);
  // Grants come one after the other; on Fabric each takes a block.
  const most = effort.quick ? 100 : ledger === 'fabric' && !effort.deep ? 1_000 : 10_000;
  const sizes = [1, 10, 100, 1_000, 10_000].filter((size) => size <= most);
  try {
    const patients = await patientsWithRecord(stage.river, 'RiversideMSP', sizes.length);
    const granted = await Promise.all(
      sizes.map(async (grants, at): Promise<Granted> => {
        const { patient, record } = patients[at]!;
        return { grants, live: await makeGrants(lake, patient, grants), record, times: [] };
      }),
    );
    process.stderr.write(`  ${sizes.join(', ')} grants made\n`);
    const counts: ShimCount[] = [];
    for (const { record } of granted) counts.push(stage.countOf((await lake.ask([record])).transaction));
    const arm = (one: Granted) => async (time: number) => {
      const times = await oneByOne(time, () => lake.ask([one.record]));
      one.times.push(...times);
      return median(times).value;
    };
    const { ratio } = await abba(arm(granted.at(-1)!), arm(granted[0]!), effort);
    for (const between of granted.slice(1, -1)) await arm(between)(effort.milliseconds);
    const ours: Series = {
      name: 'ours: grants beside the record',
      points: granted.map(({ grants, times }) => [grants, median(times).value]),
    };
    const usual = await insideTheRecord(bench, sizes);
    return {
      ...identical('grants', counts),
      measured: `messages of the chaincode to its peer to authorise one access of a patient who made ${sizes.join(', ')} grants: the most beside the fewest`,
      notes: [
        sayCounts(
          granted.map(({ grants, live }) => `${grants} grants (${live} live)`),
          counts,
        ),
        ...granted.map(({ grants, times }) => `${grants} grants: submit ${sayLatency(times)}`),
        `latency at ${most} grants beside 1: ${ratio.value.toFixed(2)} [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]; grants inside the record: ${usual.points.map(([size, time]) => `${time.toFixed(1)} ms at ${size}`).join(', ')} (its peer is reached without the relay that counts)`,
      ],
      plots: [plotOf([ours, usual])],
    };
  } finally {
    lake.close();
  }
}

/** The goal of R6: the messages are the same, whatever grows. */
export function identical(what: string, counts: readonly ShimCount[]): Omit<Result, 'measured' | 'notes'> {
  const all = counts.map((count) => count.all);
  return {
    id: `R6 ${what}`,
    ...{ beside: 'the fewest of the same run', unit: 'ratio', goal: { atMost: 1 } },
    figure: counted(Math.max(...all) / Math.min(...all)),
  };
}

export function sayCounts(sizes: readonly string[], counts: readonly ShimCount[]): string {
  return sizes.map((size, at) => `${size}: ${counts[at]!.all} messages, ${counts[at]!.puts} put`).join('; ');
}

/** A record that holds its grants, and is looked at: each look is written into it. */
async function insideTheRecord(bench: Bench, sizes: readonly number[]): Promise<Series> {
  const { contract, close } = (await bench.baseline()).connect('RiversideMSP');
  const points: [number, number][] = [];
  try {
    for (const size of sizes) {
      const id = randomBytes(8).toString('hex');
      await persistently(contract, 'looks:create', id, 'LakesideMSP', String(size));
      const look = () => persistently(contract, 'looks:lookCounted', id, 'LakesideMSP');
      points.push([size, median(await oneByOne(bench.effort.milliseconds, look)).value]);
    }
    return { name: 'grants inside the record', points };
  } finally {
    close();
  }
}

const plotOf = (series: readonly Series[]): Plot => ({
  name: 'latency-against-grants',
  title: 'Latency of a logged access check against grants of its patient',
  x: { label: 'grants', logarithmic: true },
  y: { label: 'p50, ms' },
  series,
});
