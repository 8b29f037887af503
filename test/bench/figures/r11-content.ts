import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { startProgram } from '../baselines/run.ts';
import { bareCrypto, download, removeContents, upload } from '../content.ts';
import { perSecond } from '../crowd.ts';
import type { Bench, Effort, Result } from '../figure.ts';
import { checkLogged } from '../logged.ts';
import { bearerOf, getContent } from '../reads.ts';
import { type Arm, median } from '../rounds.ts';
import { residentOf, type Stage } from '../stage.ts';

const GATEWAY = 'RiversideMSP';
/** Downloads at once whose memory is watched, and the length of each. */
const [TOGETHER, MEDIUM] = [64, 2 ** 24];

interface Size {
  name: string;
  bytes: number;
  inFlight: number;
}

const small: Size[] = [
  { name: '1 KiB', bytes: 2 ** 10, inFlight: 32 },
  { name: '64 KiB', bytes: 2 ** 16, inFlight: 32 },
  { name: '16 MiB', bytes: MEDIUM, inFlight: 1 },
];
const large: Size = { name: '1 GiB', bytes: 2 ** 30, inFlight: 1 };
/** So that a quick run takes seconds. */
const quickLarge: Size = { name: '256 MiB', bytes: 2 ** 28, inFlight: 1 };

/** R11: content of four sizes through REST, in and out, and what it takes of the gateway's memory. */
export async function content({ effort, ...bench }: Bench): Promise<Result[]> {
  const stage = await bench.stage();
  const folder = join(stage.run.dataDir, 'static');
  mkdirSync(folder, { recursive: true });
  const files = await startProgram('static-service', { folder }, join(stage.run.dataDir, 'logs'));
  const client = new Client(stage);
  try {
    // First, while the gateway has not grown yet.
    const results: Result[] = await memory(client, stage, effort);
    for (const size of [...small, effort.quick ? quickLarge : large]) {
      writeFileSync(join(folder, 'content'), Buffer.alloc(size.bytes));
      results.push(...(await storeAndRead(client, size, `${files.url}/content`, effort)));
      process.stderr.write(`  ${size.name}: ${await checkLogged(stage, client.accesses)}\n`);
    }
    results.at(-1)!.notes.push(await checkLogged(stage, client.accesses));
    return results;
  } finally {
    client.close();
    await files.stop();
  }
}

/** Uploads and downloads through one gateway, and keeps the accesses of what it was given. */
class Client {
  readonly accesses = new Set<string>();
  readonly bearer: () => Promise<string>;
  /** the record stored last */
  record = '';
  private agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
    this.bearer = bearerOf(stage.river);
  }

  async store(bytes: number): Promise<void> {
    const { river, patient } = this.stage;
    const how = { url: river.gateway.url, token: await this.bearer(), patient: patient.id };
    this.record = (await upload({ ...how, bytes, agent: this.agent })).record;
  }

  /** Small content by node:http over kept connections, large content by a socket of its own. */
  async read(bytes: number): Promise<void> {
    const url = `${this.stage.river.gateway.url}/v1/records/${this.record}/content`;
    this.accesses.add(String(await this.get(url, await this.bearer(), bytes)));
  }

  /** Gets any URL as a record is read. @returns its access, if it was a logged one */
  async get(url: string, token: string, bytes: number): Promise<unknown> {
    if (bytes >= MEDIUM) return (await download(url, token, bytes)).access;
    return (await getContent(this.agent, url, token, bytes))['access-id'];
  }

  /** Connections that rested while another arm ran may be closing just now. */
  refresh(): void {
    this.close();
    this.agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  close(): void {
    this.agent.destroy();
  }
}

async function storeAndRead(client: Client, size: Size, file: string, effort: Effort): Promise<Result[]> {
  const { name, bytes, inFlight } = size;
  const moving = (work: () => Promise<unknown>): Arm => {
    return async (milliseconds) => {
      client.refresh();
      return bytes * (await perSecond(inFlight, milliseconds, work));
    };
  };
  const arms: Arm[] = [
    moving(() => client.store(bytes)),
    moving(() => client.read(bytes)),
    moving(() => client.get(file, '', bytes)),
    // So often that the clock can tell, even of a KiB.
    async () => bareCrypto(bytes, Math.max(1, 2 ** 26 / bytes)),
  ];
  const ratios: Record<'up' | 'down' | 'static', number[]> = { up: [], down: [], static: [] };
  const speeds = arms.map((): number[] => []);
  for (const arm of arms) await arm(effort.milliseconds / 8);
  const rounds = effort.quick ? 1 : Math.min(effort.rounds, 5);
  for (let round = 0; round < rounds; round += 1) {
    const sums = arms.map(() => 0);
    for (const at of [...arms.keys(), ...[...arms.keys()].reverse()]) {
      sums[at]! += await arms[at]!(effort.milliseconds / 2);
    }
    if (bytes > MEDIUM) removeContents(client.stage.run.dataDir);
    const [up = 0, down = 0, still = 1, bare = 1] = sums;
    ratios.up.push(up / bare);
    ratios.down.push(down / bare);
    ratios.static.push(down / still);
    for (const [at, sum] of sums.entries()) speeds[at]!.push(sum / 2);
    process.stderr.write(`  ${name}, round ${round + 1}: ${sums.map((sum) => mib(sum / 2)).join(', ')}\n`);
  }
  const [up, down, still, bare] = speeds.map((all) => mib(median(all).value));
  const about = { unit: 'ratio', notes: [] as string[] };
  const crypto = 'node:crypto AES-256-GCM and SHA-256 alone over the same bytes, one thread';
  return [
    {
      ...{ ...about, id: `R11 upload ${name}`, beside: crypto, goal: { atLeast: 0.55 } },
      measured: `bytes per second through REST to the anchored answer, ${inFlight} in flight`,
      figure: median(ratios.up),
      notes: [`${up} up, ${down} down, ${still} static file, ${bare} bare`],
    },
    {
      ...{ ...about, id: `R11 download ${name}`, beside: crypto, goal: { atLeast: 0.55 } },
      measured: `bytes per second through REST, each read logged, every segment checked, ${inFlight} in flight`,
      figure: median(ratios.down),
    },
    {
      ...{ ...about, id: `R11 download ${name} beside a file`, goal: { atLeast: 0.6 } },
      measured: 'the same',
      beside: 'a file of the same size from Express, as it lies there',
      figure: median(ratios.static),
    },
  ];
}

async function memory(client: Client, { run }: Stage, { quick }: Effort): Promise<Result[]> {
  const { bytes, name } = quick ? quickLarge : large;
  await client.store(MEDIUM);
  await client.read(MEDIUM);
  const many = await growthDuring(run, async () => {
    await Promise.all(Array.from({ length: TOGETHER }, () => client.read(MEDIUM)));
  });
  const one = await growthDuring(run, async () => {
    await client.store(bytes);
    await client.read(bytes);
  });
  removeContents(run.dataDir);
  const about = { beside: 'before', unit: 'MiB', notes: [] as string[] };
  return [
    {
      ...{ ...about, id: 'R11 memory', goal: { atMost: 64 } },
      measured: `growth of the gateway’s resident memory while ${name} goes in and comes out`,
      figure: { value: one, low: one, high: one },
    },
    {
      ...{ ...about, id: 'R11 memory a request', goal: { atMost: 2 } },
      measured: `the same while ${TOGETHER} downloads of 16 MiB are in flight, for each`,
      figure: { value: many / TOGETHER, low: many / TOGETHER, high: many / TOGETHER },
      notes: [`${many.toFixed(0)} MiB in all`],
    },
  ];
}

/** The most by which the gateway's resident memory grows while something is done, MiB. */
async function growthDuring(run: Stage['run'], work: () => Promise<void>): Promise<number> {
  const before = residentOf(run, GATEWAY);
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, residentOf(run, GATEWAY));
  }, 20);
  await work().finally(() => clearInterval(watch));
  return (most - before) / 2 ** 20;
}

const mib = (bytesPerSecond: number) => `${(bytesPerSecond / 2 ** 20).toPrecision(3)} MiB/s`;
