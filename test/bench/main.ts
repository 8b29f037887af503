import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from '@chartkey/network';
import type { LedgerKind } from '@chartkey/vocabulary';
import { compare } from './compare.ts';
import { type Effort, isMet, type Result, sayGoal } from './figure.ts';
import { figures } from './figures/index.ts';
import { keep } from './kept.ts';
import { openBench } from './open-bench.ts';
import { show, writePage } from './page.ts';

// npm run bench [-- quick | deep] [-- R1 R5 …] [-- keep] [-- --compare docs/benchmarks.json]: see docs/benchmarks.md

const words = process.argv.slice(2);
const takeAfter = (word: string) => {
  const at = words.indexOf(word);
  return at < 0 ? undefined : words.splice(at, 2)[1];
};
const take = (word: string) => {
  const at = words.indexOf(word);
  return at >= 0 && words.splice(at, 1).length > 0;
};
const comparedWith = takeAfter('--compare');
const quick = take('quick');
const deep = take('deep');
const kept = take('keep');
const keeping = kept || (words.length === 0 && !quick);
const unknown = words.filter((name) => !(name in figures));
if (unknown.length > 0) {
  console.error(`No such figure: ${unknown.join(', ')}. There are: ${Object.keys(figures).join(', ')}.`);
  process.exit(1);
}
/** What takes its time, whatever the effort: in quick mode only by name. */
const long = new Set(['R5', 'R6', 'R14', 'scale', 'overload', 'faults', 'profile']);
const isWanted = (name: string) => (words.length === 0 ? !(quick && long.has(name)) : words.includes(name));
const wanted = Object.entries(figures).filter(([name]) => isWanted(name));

const ledger: LedgerKind = process.env['LEDGER'] === 'fabric' ? 'fabric' : 'embedded';
// A transaction on Fabric takes several times as long; a block of a round must hold some.
const slower = ledger === 'fabric' ? 1.5 : 1;
const effort: Effort = quick
  ? { quick, deep, rounds: 2, milliseconds: 500 * slower }
  : { quick, deep, rounds: 9, milliseconds: 2000 * slower };
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const versions = {
  chartkey: version,
  node: process.version,
  ...(ledger === 'fabric' && { fabric: (await findPrograms()).version }),
};

const bench = openBench(ledger, effort);
const results: Result[] = [];
let failures = 0;
try {
  for (const [name, measure] of wanted) {
    console.error(`${name} …`);
    try {
      const found = await measure(bench);
      results.push(...found);
      for (const result of found) print(result);
      // At once: a run that is cut short leaves what it measured.
      if (keeping) keep(ledger, found, versions);
    } catch (error) {
      failures += 1;
      console.error(`${name} was not measured:`, error);
    }
  }
} finally {
  await bench.close();
}

if (keeping) writePage();
if (comparedWith !== undefined) {
  const worse = compare(comparedWith, results);
  console.log(worse.length > 0 ? worse.join('\n') : 'Nothing got worse than its interval.');
  failures += worse.length;
}
process.exitCode = failures > 0 ? 1 : 0;

function print(result: Result): void {
  const { id, figure, unit, goal, notes } = result;
  const verdict = isMet(result) ? 'met' : 'missed';
  const interval = figure.low === figure.high ? '' : ` [${show(figure.low)}, ${show(figure.high)}]`;
  console.log(
    `${id} on ${ledger}: ${show(figure.value)} ${unit}${interval}, goal ${sayGoal(goal)}: ${verdict}`,
  );
  for (const note of notes) console.log(`    ${note}`);
}
