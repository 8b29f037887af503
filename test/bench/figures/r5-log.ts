import type { Patient } from '@chartkey/client';
import { arrayLog, historyLog } from '../baselines/logs.ts';
import { oneByOne } from '../crowd.ts';
import type { Bench, Result } from '../figure.ts';
import { LedgerDevice } from '../ledger-device.ts';
import { fillLog, indexed } from '../log-filling.ts';
import { checkLogged } from '../logged.ts';
import type { Plot, Series } from '../plots.ts';
import { LogReader, Reader } from '../reads.ts';
import { CONTENT, patientsWithRecord } from '../records.ts';
import { abba, median, sayLatency } from '../rounds.ts';
import { openStage, type Stage } from '../stage.ts';

/** Milliseconds that filling may take, unless all sizes are wanted however long that takes. */
const FILLING = 360_000;

/** A patient whose log has so many entries. */
interface Filled {
  entries: number;
  patient: Patient;
  reader: Reader;
  pages: LogReader;
}

/** R5: what a read and a page of the log cost a patient with a long log, beside one with a short one. */
export async function longLog(bench: Bench): Promise<Result[]> {
  const { quick } = bench.effort;
  const sizes = quick ? [1e3, 1e4] : [1e3, 1e4, 1e5, 1e6];
  // A long log stays with this figure.
  const stage = quick ? await bench.stage() : await openStage(bench.ledger, bench.portBase());
  let filled: Filled[] = [];
  try {
    filled = await fill(bench, stage, sizes);
    return await measure(bench, stage, filled);
  } finally {
    for (const { reader, pages } of filled) {
      reader.close();
      pages.close();
    }
    if (!quick) await stage.remove();
  }
}

async function fill({ effort }: Bench, stage: Stage, sizes: readonly number[]): Promise<Filled[]> {
  const device = new LedgerDevice(stage, stage.river);
  const began = performance.now();
  const until = effort.deep ? Number.POSITIVE_INFINITY : began + FILLING;
  const filled: Filled[] = [];
  try {
    for (const size of sizes) {
      const [enrolled] = await patientsWithRecord(stage.river, 'RiversideMSP', 1);
      const { patient, record } = enrolled!;
      const { entries, block } = await fillLog(device, record, size, until);
      if (entries <= (filled.at(-1)?.entries ?? 0)) break;
      await indexed(stage, patient, block);
      filled.push({
        entries,
        patient,
        reader: new Reader(stage.river, [record], CONTENT),
        pages: new LogReader(patient),
      });
      process.stderr.write(
        `  ${entries} entries after ${((performance.now() - began) / 1000).toFixed(0)} s\n`,
      );
    }
    return filled;
  } finally {
    device.close();
  }
}

async function measure(bench: Bench, stage: Stage, filled: readonly Filled[]): Promise<Result[]> {
  const [shortest, longest] = [filled[0]!, filled.at(-1)!];
  const sizes = filled.map(({ entries }) => entries);
  const kinds = [
    {
      what: 'read',
      measured: 'p50 of a logged read through REST, one at a time',
      of: ({ reader }: Filled) => reader,
    },
    {
      what: 'page',
      measured: 'p50 of the newest page of 50 of the log, through REST, for the patient',
      of: ({ pages }: Filled) => pages,
    },
  ];
  const [array, history] = [await arrayLog(bench, sizes), await historyLog(bench, sizes)];
  const results: Result[] = [];
  const series: Series[] = [];
  for (const { what, measured, of } of kinds) {
    const all = new Map<Filled, number[]>(filled.map((one) => [one, []]));
    const arm = (one: Filled) => async (time: number) => {
      await of(one).refresh();
      const taken = await oneByOne(time, () => of(one).read());
      all.get(one)!.push(...taken);
      return median(taken).value;
    };
    const { ratio } = await abba(arm(longest), arm(shortest), bench.effort);
    for (const between of filled.slice(1, -1)) await arm(between)(bench.effort.milliseconds);
    series.push({
      name: `our ${what}`,
      points: filled.map((one) => [one.entries, median(all.get(one)!).value]),
    });
    results.push({
      id: `R5 ${what}`,
      measured: `${measured}, of a patient with ${longest.entries} entries in its log`,
      beside: `of a patient with ${shortest.entries}, in the same run`,
      ...{ unit: 'ratio', goal: { atMost: 1.05 }, figure: ratio },
      notes: filled.map((one) => `${one.entries} entries: ${sayLatency(all.get(one)!)}`),
    });
  }
  const accesses = new Set(filled.flatMap(({ reader }) => [...reader.accesses]));
  results[0]!.notes.push(await checkLogged(stage, accesses));
  const beside = [...array.series, ...history.series].filter(({ points }) => points.length > 0);
  results[1]!.notes.push(...beside.map(sayPoints), ...array.notes, ...history.notes);
  return results.map((result, at) =>
    at === 0 ? { ...result, plots: [plotOf([...series, ...beside])] } : result,
  );
}

const sayPoints = ({ name, points }: Series) =>
  `${name} p50 ${points.map(([size, time]) => `${time.toFixed(1)} ms at ${size}`).join(', ')}`;

const plotOf = (series: readonly Series[]): Plot => ({
  name: 'latency-against-log-size',
  title: 'Latency against entries in one patient’s log',
  x: { label: 'entries', logarithmic: true },
  y: { label: 'p50, ms' },
  series,
});
