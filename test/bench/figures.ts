import { randomBytes } from 'node:crypto';
import { queries } from '@chartkey/vocabulary';
import { bareCrypto, bareDisk, download, removeContents, upload } from './content.ts';
import { RawClient } from './raw-client.ts';
import { Reader } from './reads.ts';
import { abba, type Figure, median, percentile } from './rounds.ts';
import { memoryOf, openStage, residentOf, type Stage } from './stage.ts';

export interface Result {
  name: string;
  measured: string;
  beside: string;
  goal: string;
  unit: string;
  figure: Figure;
  /** what else was seen, a line each */
  notes: string[];
}

export interface Effort {
  rounds: number;
  milliseconds: number;
  gibibyte: number;
}

const CONTENT = 1024;
const BASE = 21_001;

async function storeOne({ river, patient }: Stage): Promise<string> {
  const { record } = await river.storeRecord(patient.id, randomBytes(CONTENT), 'application/octet-stream');
  return record;
}

/** Every access that handed content out must stand on the ledger as granted, or the figure is void. */
async function checkLogged({ run }: Stage, accesses: Set<string>): Promise<string> {
  const ledger = run.connect('RegulatorMSP');
  const granted = new Set<string>();
  const stop = new AbortController();
  const height = await ledger.height();
  let transactions = 0;
  for await (const block of ledger.blocks(0, stop.signal)) {
    for (const { id, valid, writes } of block.transactions) {
      for (const { objectType, value } of valid ? writes : []) {
        if (objectType !== 'accesses') continue;
        transactions += 1;
        const { entries } = value as { entries: { item: number; code?: string }[] };
        for (const { item, code } of entries) if (code === undefined) granted.add(`${id}:${item}`);
      }
    }
    if (block.number >= height - 1) stop.abort();
  }
  ledger.close();
  const missing = [...accesses].filter((access) => !granted.has(access));
  if (missing.length > 0)
    throw new Error(`VOID: ${missing.length} reads have no granted entry (${queries.access} ${missing[0]})`);
  return `${accesses.size} reads, each with its granted entry on the ledger, in ${transactions} transactions`;
}

async function alone({ rounds, milliseconds }: Effort): Promise<Result> {
  const stage = await openStage(BASE);
  const raw = new RawClient(stage.run, BASE);
  const reader = new Reader(stage.river, await storeOne(stage), CONTENT);
  const [reads, submits]: number[][] = [[], []];
  try {
    const { a, b, ratio } = await abba(
      async (time) => {
        const times = await reader.alone(time);
        reads!.push(...times);
        return median(times).value;
      },
      async (time) => {
        const times = await raw.alone(time);
        submits!.push(...times);
        return median(times).value;
      },
      rounds,
      milliseconds,
    );
    return {
      name: 'one logged read at a time',
      measured: 'p50 of a logged read of 1 KiB through REST, own custody, to the last plaintext byte',
      beside: 'p50 of fabric-gateway with its stock signer submitting a transaction that writes nothing',
      goal: 'at most 1.3',
      unit: 'ratio',
      figure: ratio,
      notes: [
        `read p50 ${a.value.toFixed(2)} ms, p99 ${percentile(reads!, 0.99).toFixed(2)} ms; raw submit p50 ${b.value.toFixed(2)} ms, p99 ${percentile(submits!, 0.99).toFixed(2)} ms`,
        await checkLogged(stage, reader.accesses),
      ],
    };
  } finally {
    reader.close();
    raw.close();
    await stage.remove();
  }
}

async function crowd({ rounds, milliseconds }: Effort): Promise<Result> {
  const grouped = await openStage(BASE);
  const single = await openStage(BASE + 400, { ITEMS_PER_TRANSACTION: '1', IN_FLIGHT: '64' });
  const readers = await Promise.all(
    [grouped, single].map(async (stage) => new Reader(stage.river, await storeOne(stage), CONTENT)),
  );
  const [together, apart] = readers as [Reader, Reader];
  try {
    const arm = (reader: Reader) => (time: number) => reader.perSecond(256, time);
    const { a, b, ratio } = await abba(arm(together), arm(apart), rounds, milliseconds);
    return {
      name: '256 logged reads in flight',
      measured: 'logged reads per second through REST, 256 in flight',
      beside: 'the same service, one transaction per read (64 in flight)',
      goal: 'at least 5',
      unit: 'ratio',
      figure: ratio,
      notes: [
        `${a.value.toFixed(0)} reads/s together, ${b.value.toFixed(0)} reads/s one transaction each`,
        `together: ${await checkLogged(grouped, together.accesses)}`,
        `apart: ${await checkLogged(single, apart.accesses)}`,
      ],
    };
  } finally {
    for (const reader of readers) reader.close();
    await Promise.all([grouped.remove(), single.remove()]);
  }
}

async function large({ rounds, gibibyte }: Effort): Promise<Result[]> {
  const stage = await openStage(BASE);
  const [ups, downs, growths]: number[][] = [[], [], []];
  const speeds: string[] = [];
  try {
    await download(stage.river, (await upload(stage.river, stage.patient.id, 1 << 24)).record, 1 << 24);
    for (let round = 0; round < Math.min(rounds, 5); round += 1) {
      const disk = bareDisk(stage.run.dataDir, gibibyte);
      const before = residentOf(stage.run, 'RiversideMSP');
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, residentOf(stage.run, 'RiversideMSP'));
      }, 20);
      const bareBefore = bareCrypto(gibibyte);
      const { record, speed: up } = await upload(stage.river, stage.patient.id, gibibyte);
      const down = await download(stage.river, record, gibibyte);
      const bare = (bareBefore + bareCrypto(gibibyte)) / 2;
      clearInterval(watch);
      removeContents(stage.run.dataDir);
      ups!.push(up / bare);
      downs!.push(down / bare);
      growths!.push((most - before) / 2 ** 20);
      const line = `${mib(up)} up, ${mib(down)} down, ${mib(bare)} bare, disk ${mib(disk)}, +${((most - before) / 2 ** 20).toFixed(0)} MiB`;
      process.stderr.write(`  ${line}\n`);
      speeds.push(line);
    }
  } finally {
    await stage.remove();
  }
  const about = {
    beside: 'node:crypto AES-256-GCM and SHA-256 alone, one thread',
    unit: 'ratio',
    goal: 'at least 0.45',
  };
  return [
    {
      ...about,
      name: '1 GiB upload',
      measured: 'bytes per second through REST to the anchored answer',
      figure: median(ups!),
      notes: speeds,
    },
    {
      ...about,
      name: '1 GiB download',
      measured: 'bytes per second through REST, every segment checked',
      figure: median(downs!),
      notes: [],
    },
    {
      name: 'memory of a 1 GiB upload and download',
      measured: 'growth of the gateway’s resident memory, the most seen',
      beside: 'before',
      goal: 'under 64 MiB',
      unit: 'MiB',
      figure: median(growths!),
      notes: [],
    },
  ];
}

async function memory(): Promise<Result> {
  const stage = await openStage(BASE);
  try {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const sizes = [...memoryOf(stage.run)];
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0) / 1e6;
    return {
      name: 'the whole demo consortium idle',
      measured: 'proportional set size of all six processes',
      beside: '',
      goal: 'under 600 MB',
      unit: 'MB',
      figure: { value: total, low: total, high: total },
      notes: [sizes.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(0)}`).join(', ')],
    };
  } finally {
    await stage.remove();
  }
}

const mib = (bytesPerSecond: number) => `${(bytesPerSecond / 2 ** 20).toFixed(0)} MiB/s`;

export const figures: Record<string, (effort: Effort) => Promise<Result | Result[]>> = {
  alone,
  crowd,
  large,
  memory,
};
