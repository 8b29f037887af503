import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { figures, type Result } from './figures.ts';

// npm run bench [-- quick] [-- alone crowd large memory]: prints the figures; all of them write docs/benchmarks.*
const wanted = process.argv.slice(2).filter((word) => word !== 'quick');
const quick = process.argv.includes('quick');
const effort = quick
  ? { rounds: 3, milliseconds: 1000, gibibyte: 2 ** 28 }
  : { rounds: 9, milliseconds: 2000, gibibyte: 2 ** 30 };
const unknown = wanted.filter((name) => !(name in figures));
if (unknown.length > 0) {
  console.error(`No such figure: ${unknown.join(', ')}. There are: ${Object.keys(figures).join(', ')}.`);
  process.exit(1);
}

const results: Result[] = [];
for (const [name, measure] of Object.entries(figures)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} …`);
  const found = [await measure(effort)].flat();
  results.push(...found);
  for (const { name: title, figure, unit, goal, notes } of found) {
    console.log(
      `${title}: ${show(figure.value)} ${unit} [${show(figure.low)}, ${show(figure.high)}], goal ${goal}`,
    );
    for (const note of notes) console.log(`    ${note}`);
  }
}

if (wanted.length === 0 && !quick) {
  const docs = join(import.meta.dirname, '..', '..', 'docs');
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const { version } = JSON.parse(readFileSync(join(docs, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const versions = { chartkey: version, node: process.version };
  const date = new Date().toISOString().slice(0, 10);
  const kept = Object.fromEntries(
    results.map(({ name, figure, goal, unit }) => [name, { ledger: 'embedded', ...figure, goal, unit }]),
  );
  writeFileSync(
    join(docs, 'benchmarks.json'),
    `${JSON.stringify({ machine, versions, date, figures: kept }, null, 2)}\n`,
  );
  writeFileSync(join(docs, 'benchmarks.md'), page({ machine, date, node: process.version }));
}

function page(made: { machine: string; date: string; node: string }): string {
  const rows = results.map(
    ({ name, measured, beside, figure, unit, goal }) =>
      `| ${name} | ${measured} | ${beside} | **${show(figure.value)}** ${unit} (${show(figure.low)} to ${show(figure.high)}) | ${goal} |`,
  );
  const notes = results.flatMap(({ name, notes: lines }) => lines.map((line) => `- ${name}: ${line}`));
  return `# Benchmarks

All on the **embedded ledger** (one process, no consensus). Made by \`npm run bench\` on ${made.machine}, Node ${made.node}, ${made.date}; \`npm run bench -- quick\` takes a minute and writes nothing.

Two arms are alive in one run and measured in rounds of A B B A (2 s each); the figure is the median of the rounds' ratios, in brackets its 95 % interval. Every read that was handed out is looked up on the ledger afterwards; one without a granted entry voids the figure.

| what | measured | beside | figure | goal |
|---|---|---|---|---|
${rows.join('\n')}

${notes.join('\n')}

## What limits them

- A logged read alone is a transaction and then a query (the release is decided afresh on current state), each a signed round trip through ledger and chaincode; the raw arm is a transaction alone. No single piece stands out in profiles: signatures, protobuf, HTTP/2, processes that wake each other.
- An upload is no faster than the disk takes it, which each round names beside it.
`;
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
