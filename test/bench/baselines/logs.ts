import { randomBytes } from 'node:crypto';
import { oneByOne, times } from '../crowd.ts';
import type { Bench } from '../figure.ts';
import type { Series } from '../plots.ts';
import { persistently } from '../raw-client.ts';
import { median } from '../rounds.ts';

const ORGANISATION = 'RiversideMSP';
/** Looks that one filling transaction adds to an array. */
const PORTION = 10_000;
/** Looks that a key's history is filled with at most: each is a transaction of its own. */
const MOST_HISTORY = { quick: 1_000, full: 10_000 };
const PAGE = '50';

/** Latencies of the usual designs of a log, as far as they go, and where that is. */
export interface UsualLogs {
  series: Series[];
  notes: string[];
}

/** The log as one array under the record's key: a look that is added to it, and its newest page. */
export async function arrayLog(bench: Bench, sizes: readonly number[]): Promise<UsualLogs> {
  const { contract, close } = (await bench.baseline()).connect(ORGANISATION);
  const id = randomBytes(8).toString('hex');
  const looks: [number, number][] = [];
  const pages: [number, number][] = [];
  const add = (many: number) => persistently(contract, 'looks:lookIntoArray', id, ORGANISATION, String(many));
  const p50 = async (work: () => Promise<unknown>) =>
    median(await oneByOne(bench.effort.milliseconds, work)).value;
  let held = 0;
  try {
    await persistently(contract, 'looks:create', id, ORGANISATION, '1');
    for (const size of sizes) {
      for (; held < size; held += Math.min(PORTION, size - held)) await add(Math.min(PORTION, size - held));
      looks.push([size, await p50(() => add(1))]);
      pages.push([size, await p50(() => contract.evaluateTransaction('looks:newestOfArray', id, PAGE))]);
    }
    return { series: both(), notes: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { series: both(), notes: [`the array broke when it held ${held} looks: ${why}`] };
  } finally {
    close();
  }

  function both(): Series[] {
    return [
      { name: 'array: look', points: looks },
      { name: 'array: page', points: pages },
    ];
  }
}

/** The newest page of a key's history, which Fabric keeps of every write. */
export async function historyLog(bench: Bench, sizes: readonly number[]): Promise<UsualLogs> {
  if (bench.ledger === 'embedded') {
    return {
      series: [],
      notes: ['getHistoryForKey is measured on Fabric only: the embedded ledger has no history'],
    };
  }
  const { contract, close } = (await bench.baseline()).connect(ORGANISATION);
  const points: [number, number][] = [];
  const most = bench.effort.quick ? MOST_HISTORY.quick : MOST_HISTORY.full;
  const within = sizes.filter((size) => size <= most);
  try {
    const id = randomBytes(8).toString('hex');
    let held = 0;
    for (const size of within) {
      // Each writes without reading, so none conflicts.
      await times(size - held, 64, () => persistently(contract, 'looks:create', id, ORGANISATION, '1'));
      held = size;
      const page = () => contract.evaluateTransaction('looks:newestOfHistory', id, PAGE);
      points.push([size, median(await oneByOne(bench.effort.milliseconds, page)).value]);
    }
    const notes =
      within.length < sizes.length
        ? [`getHistoryForKey was filled to ${most} writes only, a transaction each`]
        : [];
    return { series: [{ name: 'history: page', points }], notes };
  } finally {
    close();
  }
}
