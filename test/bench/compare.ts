import { type Figure, type Result } from './figure.ts';
import { type Kept, readKept } from './kept.ts';
import { show } from './page.ts';

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
    if (!before || !isWorse(figure, before, 'atLeast' in goal)) return [];
    return [`${id} got worse: ${say(figure)} ${unit}, before ${say(before)} (${before.date})`];
  });
}

export function isWorse(now: Figure, before: Figure, moreIsBetter: boolean): boolean {
  return moreIsBetter ? now.high < before.low : now.low > before.high;
}

const say = ({ value, low, high }: Figure) => `${show(value)} (${show(low)} to ${show(high)})`;
