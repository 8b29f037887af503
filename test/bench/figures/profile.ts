import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Underneath } from '@chartkey/network';
import { profileOf, type Share, sharesOf } from '../cpu-profile.ts';
import type { Bench, Result } from '../figure.ts';
import { checkLogged } from '../logged.ts';
import { Reader } from '../reads.ts';
import { CONTENT, storeForPatients } from '../records.ts';
import { openStage, processorSecondsOf, type Stage } from '../stage.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs', 'benchmarks');
const PATIENTS = 64;
/** Reads in flight: nobody else, a crowd. */
const LOADS = [1, 256];
/** Seconds that a stage takes to end, after the last read. */
const ENDING = 1;
const SHOWN = 14;

interface Used {
  process: string;
  /** milliseconds of processor time for each read, at each of LOADS */
  each: number[];
}

/** No figure with a goal: where the time of a logged read goes, for docs/benchmarks/profile-<ledger>.md. */
export async function profile(bench: Bench): Promise<Result[]> {
  const { used, rates, checked } = await processorTime(bench);
  const shares = await profiles(bench);
  const page = pageOf({ ledger: bench.ledger, used, rates, shares });
  if (bench.effort.quick) process.stderr.write(page);
  else {
    mkdirSync(DOCS, { recursive: true });
    writeFileSync(join(DOCS, `profile-${bench.ledger}.md`), page);
  }
  process.stderr.write(`  ${checked}\n`);
  return [];
}

async function processorTime(bench: Bench) {
  const stage = await bench.stage();
  const reader = await readerOf(stage);
  const names = [...stage.run.processes.keys()];
  const used = ['client', ...names].map((process): Used => ({ process, each: [] }));
  const rates: number[] = [];
  const seconds = () => {
    const { user, system } = process.cpuUsage();
    return [(user + system) / 1e6, ...names.map((name) => processorSecondsOf(stage.run, name))];
  };
  for (const load of LOADS) {
    await reader.perSecond(load, 1_000);
    const [before, read] = [seconds(), reader.accesses.size];
    rates.push(await reader.perSecond(load, bench.effort.milliseconds * 4));
    const reads = reader.accesses.size - read;
    for (const [at, after] of seconds().entries()) {
      used[at]?.each.push((1000 * (after - (before[at] ?? 0))) / reads);
    }
  }
  reader.close();
  return { used, rates, checked: await checkLogged(stage, reader.accesses) };
}

/** By process, what its time under a crowd went to. */
async function profiles({ ledger, effort, portBase }: Bench): Promise<Map<string, Share[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-profile-'));
  const required = join(import.meta.dirname, '..', 'profiled.cjs');
  const env = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --require ${required}` };
  try {
    const stage = await openStage(ledger, portBase(), env, (underneath) => withEnv(underneath, env));
    const pids = [...stage.run.processes].map(([name, { child }]) => [name, child.pid ?? 0] as const);
    const time = effort.milliseconds * 4;
    try {
      const reader = await readerOf(stage);
      await reader.perSecond(256, 1_000 + time);
      reader.close();
    } finally {
      await stage.remove();
    }
    const seconds = time / 1000 + ENDING;
    const shares = pids.flatMap(([name, pid]): [string, Share[]][] => {
      // A process of Fabric's own leaves none.
      const file = profileOf(folder, pid);
      return file === undefined ? [] : [[name, sharesOf(file, { seconds, skipped: ENDING })]];
    });
    return new Map(shares);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same ledger, its processes that are ours started with more settings. */
function withEnv(inner: Underneath, env: Record<string, string>): Underneath {
  const { kind, ports } = inner;
  return {
    ...{ kind, ports },
    access: (organisation) => inner.access(organisation),
    start: ({ run, begin }) =>
      inner.start({
        begin,
        run: (order) => run(order.program === 'node' ? { ...order, env: { ...order.env, ...env } } : order),
      }),
  };
}

async function readerOf(stage: Stage): Promise<Reader> {
  return new Reader(stage.river, await storeForPatients(stage.river, 'RiversideMSP', PATIENTS), CONTENT);
}

interface Profiled {
  ledger: string;
  used: readonly Used[];
  rates: readonly number[];
  shares: ReadonlyMap<string, Share[]>;
}

function pageOf({ ledger, used, rates, shares }: Profiled): string {
  const sum = LOADS.map((_, at) => used.reduce((all, { each }) => all + (each[at] ?? 0), 0));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const times = (each: readonly number[]) => each.map((one) => one.toFixed(2));
  return `# Where the time of a logged read goes (${ledger})

Made by \`npm run bench${ledger === 'fabric' ? ':fabric' : ''} -- profile\`; not to be edited by hand. Reads of ${CONTENT} bytes of ${PATIENTS} patients in own custody, through Riverside's gateway.

## Milliseconds of processor time for each read

${[
  row(['process', ...LOADS.map((load, at) => `${load} in flight (${(rates[at] ?? 0).toFixed(0)} reads/s)`)]),
  row(['---', ...LOADS.map(() => '---')]),
  ...used.map(({ process, each }) => row([process, ...times(each)])),
  row(['together', ...times(sum)]),
].join('\n')}

## What it went to, 256 in flight

By package or folder, of each process's own time; what a function called is counted where it runs.

${[...shares]
  .filter(([name]) => ['RiversideMSP', 'chaincode', 'chaincode-riverside', 'ledger'].includes(name))
  .map(([name, all]) => `- **${name}**: ${all.slice(0, SHOWN).map(say).join(', ')}`)
  .join('\n')}
`;
}

const say = ({ of, share }: Share) => `${of} ${(share * 100).toFixed(1)} %`;
