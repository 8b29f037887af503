import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Row {
  what: string;
  /** processes that it struck */
  struck: string[];
  /** milliseconds from the blow to its end */
  lasts: number;
  served: number;
  /** by status and code: how many */
  refused: Record<string, number>;
  /** milliseconds: the longest time without a commit on any peer */
  stall: number;
  /** milliseconds: the longest time in which some kind of request had no success */
  unserved: number;
  /** milliseconds from the blow's end until every kind of request had succeeded */
  back: number;
  leaderDies?: boolean;
  /** orderers that ran and took no part any more, or were suspected of it, so that they were started anew */
  restarted: string[];
  violations: number;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
const GOAL = 5_000;

/** The table in Markdown. */
export function printed(rows: Row[]): string {
  const lines = rows.map((row) => {
    const said = Object.entries(row.refused).map(([word, times]) => `${times} × ${word}`);
    const goal = row.leaderDies ? ` (goal under 5 s: **${row.stall < GOAL ? 'met' : 'not met'}**)` : '';
    const cells = [
      ...[row.what, seconds(row.lasts), `${row.served}`, said.join(', ') || 'none'],
      ...[`${seconds(row.stall)}${goal}`, seconds(row.unserved), seconds(row.back)],
      ...[row.restarted.join(', ') || 'none', row.violations],
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| fault | lasts | served | not served | longest time without a commit | longest without a success | all served again after its end | orderers started anew | broken promises |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Writes docs/faults.md, whose prose stays and whose figures are replaced, and docs/faults.json. */
export function write(rows: Row[], fabric: string): void {
  const docs = join(__dirname, '..', '..', 'docs');
  const { version } = JSON.parse(readFileSync(join(docs, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const [processor] = cpus();
  const machine = `${cpus().length} cores (${processor?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const versions = { chartkey: version, fabric, node: process.version };
  const date = new Date().toISOString().slice(0, 10);
  const load = loadavg()[2]!.toFixed(1);
  const made = { command: 'WRITE=1 npm run test:fabric:faults', date, machine, load, versions };
  const faults = rows.map(({ struck, restarted, ...row }) => {
    return { ...row, struck: struck.join(' '), restarted: restarted.join(' ') };
  });
  writeFileSync(join(docs, 'faults.json'), `${JSON.stringify({ ...made, faults }, null, 2)}\n`);
  const by = `Made by \`${made.command}\` on ${machine}, with a load of ${load} in the last 15 minutes, Fabric ${fabric}, Node ${process.version}, ${date}.`;
  const page = join(docs, 'faults.md');
  const [before = '', after = ''] = readFileSync(page, 'utf8').split(/<!-- figures -->[\s\S]*<!-- end -->/);
  const figures = `<!-- figures -->\n${by}\n\n${printed(rows)}\n<!-- end -->`;
  writeFileSync(page, `${before}${figures}${after}`);
}
