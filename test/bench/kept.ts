import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { LedgerKind } from '@chartkey/vocabulary';
import type { Figure, Goal, Result } from './figure.ts';
import { svg } from './plots.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** A figure as docs/benchmarks.json (benchmarks-fabric.json) keeps it, with all that the page says of it. */
export interface KeptFigure extends Figure {
  ledger: LedgerKind;
  goal: Goal;
  unit: string;
  measured: string;
  beside: string;
  notes: string[];
  plots?: string[];
  /** of the run that made it */
  date: string;
}

export interface Kept {
  machine: string;
  versions: Record<string, string>;
  date: string;
  figures: Record<string, KeptFigure>;
}

export const keptFile = (ledger: LedgerKind) =>
  join(DOCS, ledger === 'embedded' ? 'benchmarks.json' : 'benchmarks-fabric.json');

/** What was kept of a ledger kind; undefined before the first. */
export function readKept(path: string): Kept | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Kept) : undefined;
}

/** Puts results in the place of those with the same ids, and writes their plots. */
export function keep(ledger: LedgerKind, results: readonly Result[], versions: Record<string, string>): void {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const figures = { ...readKept(keptFile(ledger))?.figures };
  for (const { id, figure, plots = [], ...said } of results) {
    figures[id] = {
      ledger,
      ...figure,
      ...said,
      date,
      plots: plots.map(({ name }) => plotFile(name, ledger)),
    };
    for (const plot of plots) {
      mkdirSync(join(DOCS, 'benchmarks'), { recursive: true });
      const title = `${plot.title} (${ledger})`;
      writeFileSync(join(DOCS, plotFile(plot.name, ledger)), svg({ ...plot, title }));
    }
  }
  const byNumber = Object.entries(figures).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const kept: Kept = { machine, versions, date, figures: Object.fromEntries(byNumber) };
  writeFileSync(keptFile(ledger), `${JSON.stringify(kept, null, 2)}\n`);
}

const plotFile = (name: string, ledger: LedgerKind) => `benchmarks/${name}-${ledger}.svg`;
