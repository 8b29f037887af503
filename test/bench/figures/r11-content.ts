import { bareCrypto, bareDisk, download, removeContents, upload } from '../content.ts';
import type { Bench, Result } from '../figure.ts';
import { median } from '../rounds.ts';
import { residentOf } from '../stage.ts';

/** R11: large content through REST, in and out. */
export async function content(bench: Bench): Promise<Result[]> {
  const { run, river, patient } = await bench.stage();
  const bytes = bench.effort.quick ? 2 ** 28 : 2 ** 30;
  const [ups, downs, growths]: [number[], number[], number[]] = [[], [], []];
  const speeds: string[] = [];
  await download(river, (await upload(river, patient.id, 1 << 24)).record, 1 << 24);
  for (let round = 0; round < Math.min(bench.effort.rounds, 5); round += 1) {
    const disk = bareDisk(run.dataDir, bytes);
    const before = residentOf(run, 'RiversideMSP');
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, residentOf(run, 'RiversideMSP'));
    }, 20);
    const bareBefore = bareCrypto(bytes);
    const { record, speed: up } = await upload(river, patient.id, bytes);
    const down = await download(river, record, bytes);
    const bare = (bareBefore + bareCrypto(bytes)) / 2;
    clearInterval(watch);
    removeContents(run.dataDir);
    ups.push(up / bare);
    downs.push(down / bare);
    growths.push((most - before) / 2 ** 20);
    const line = `${mib(up)} up, ${mib(down)} down, ${mib(bare)} bare, disk ${mib(disk)}, +${growths.at(-1)!.toFixed(0)} MiB`;
    process.stderr.write(`  ${line}\n`);
    speeds.push(line);
  }
  const about = {
    beside: 'node:crypto AES-256-GCM and SHA-256 alone, one thread',
    unit: 'ratio',
    goal: { atLeast: 0.55 },
  };
  return [
    {
      ...{
        ...about,
        id: 'R11 upload 1 GiB',
        measured: 'bytes per second through REST to the anchored answer',
      },
      ...{ figure: median(ups), notes: speeds },
    },
    {
      ...{
        ...about,
        id: 'R11 download 1 GiB',
        measured: 'bytes per second through REST, every segment checked',
      },
      ...{ figure: median(downs), notes: [] },
    },
    {
      ...{ id: 'R11 memory', measured: 'growth of the gateway’s resident memory while it does both' },
      ...{ beside: 'before', unit: 'MiB', goal: { atMost: 64 }, figure: median(growths), notes: [] },
    },
  ];
}

const mib = (bytesPerSecond: number) => `${(bytesPerSecond / 2 ** 20).toFixed(0)} MiB/s`;
