import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerKind } from '@chartkey/vocabulary';
import { isMet, sayGoal } from './figure.ts';
import { type Kept, keptFile, readKept } from './kept.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** Writes docs/benchmarks.md from what was kept of both ledgers, and from what people wrote about it. */
export function writePage(): void {
  const parts = (['embedded', 'fabric'] as const).flatMap((ledger) => {
    const kept = readKept(keptFile(ledger));
    return kept ? [section(ledger, kept)] : [];
  });
  const written = join(DOCS, 'benchmarks', 'limits.md');
  const limits = existsSync(written) ? readFileSync(written, 'utf8') : '';
  writeFileSync(join(DOCS, 'benchmarks.md'), [HEAD, ...parts, limits].join('\n'));
}

const HEAD = `# Benchmarks

Made by \`npm run bench\` (embedded ledger) and \`npm run bench:fabric\` (Fabric's programs on the PATH); not to be edited by hand, but for [benchmarks/limits.md](benchmarks/limits.md), which stands at the end. \`-- quick\` measures R1 to R4 and R7 to R13 in short and writes nothing, the others by name; \`-- deep\` goes to sizes of a million, however long filling takes; \`-- R1 R5\` measures some; \`-- R1 keep\` puts that one's new figure in its place; \`-- --compare docs/benchmarks.json\` says which figure got worse than its interval.

Two arms are alive in one run and measured in rounds of A B B A (2 s each, 3 to 6 s on Fabric); a figure is the median of the rounds' ratios, in brackets its 95 % interval; counted ones have none. Every read that was handed out is looked up on the ledger afterwards; one without a granted entry voids the figure.
`;

const titles: Record<LedgerKind, string> = {
  embedded: 'On the embedded ledger (one process, no consensus)',
  fabric: 'On Fabric (four organisations on one machine)',
};

function section(ledger: LedgerKind, { machine, versions, figures }: Kept): string {
  const rows = Object.entries(figures).map(([id, one]) => {
    const interval = one.low === one.high ? '' : ` (${show(one.low)} to ${show(one.high)})`;
    const verdict = isMet({ goal: one.goal, figure: one }) ? 'met' : '**missed**';
    return `| ${id} | ${one.measured} | ${one.beside} | **${show(one.value)}** ${one.unit}${interval} | ${sayGoal(one.goal)} | ${verdict} |`;
  });
  const notes = Object.entries(figures).flatMap(([id, one]) => one.notes.map((note) => `- ${id}: ${note}`));
  const plots = Object.values(figures).flatMap((one) => one.plots ?? []);
  return [
    `## ${titles[ledger]}\n`,
    `${machine}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}. Measured ${dates(Object.values(figures).map(({ date }) => date))}.\n`,
    '| # | measured | beside it | figure | goal | |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...profileOf(ledger),
    ...plots.map((path) => `![${path}](${path})`),
    ...(plots.length > 0 ? [''] : []),
    ...notes,
    '',
  ].join('\n');
}

/** Where the time goes, if that was measured. */
function profileOf(ledger: LedgerKind): string[] {
  const path = `benchmarks/profile-${ledger}.md`;
  return existsSync(join(DOCS, path)) ? [`[Where the time of a logged read goes](${path})`, ''] : [];
}

function dates(all: readonly string[]): string {
  const [first, last] = [[...all].sort()[0], [...all].sort().at(-1)];
  return first === last ? `${first}` : `${first} to ${last}`;
}

/** Three digits that matter. */
export function show(value: number): string {
  if (value !== 0 && Math.abs(value) < 1) return value.toPrecision(2);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}
