import { type Figure, type Result } from './figure.ts';
import { type Kept, readKept } from './kept.ts';
import { show } from './page.ts';

/** What was measured once has no interval of its own: as far as this, noise says nothing. */
const ONCE = 0.2;
/** Counted, and the same in every run. */
const exact = new Set(['messages', 'puts']);

/**
 * Which figures of this run got worse than the interval that a file keeps of them: one is worse when its own
 * interval lies wholly on the worse side of the kept one, so noise alone says nothing.
 * @returns a line for each that is worse
 * @throws Error with one line when the file keeps no figures
 */
export function compare(path: string, results: readonly Result[]): string[] {
  const kept: Kept | undefined = readKept(path);
  if (!kept) throw new Error(`${path} does not exist: name a file that an earlier run wrote.`);
  return results.flatMap(({ id, figure, unit, goal }) => {
    const before = kept.figures[id];
    if (!before) return [];
    const [now, then] = exact.has(unit) ? [figure, before] : [figure, withSlack(before)];
    if (!isWorse(now, then, 'atLeast' in goal)) return [];
    return [`${id} got worse: ${say(figure)} ${unit}, before ${say(before)} (${before.date})`];
  });
}

export function isWorse(now: Figure, before: Figure, moreIsBetter: boolean): boolean {
  return moreIsBetter ? now.high < before.low : now.low > before.high;
}

function withSlack(figure: Figure): Figure {
  const { value, low, high } = figure;
  if (low !== high) return figure;
  const slack = Math.abs(value) * ONCE;
  return { value, low: value - slack, high: value + slack };
}

const say = ({ value, low, high }: Figure) => `${show(value)} (${show(low)} to ${show(high)})`;
