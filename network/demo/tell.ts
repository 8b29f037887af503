import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConsortiumRun } from './consortium-run.ts';
import { type DemoCredentials, foundingFiles } from './founding.ts';
import { samplesIn } from './samples.ts';
import { tellStory } from './story.ts';

const tell = (line: string) => void process.stdout.write(`${line}\n`);

/** npm run demo: against a running `npm start`, or on a consortium of its own that is gone afterwards. */
async function main(): Promise<void> {
  const own = join(dirname(require.resolve('@chartkey/network/package.json')), 'demo', 'samples');
  const folder = process.argv[2] === undefined ? own : resolve(process.argv[2]);
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}.`);
  const samples = samplesIn(folder);
  if (samples.length === 0) throw new Error(`There is no file in ${folder}.`);
  const dataDir = resolve(process.env['DATA_DIR'] ?? '.chartkey');
  const credentials = readCredentials(dataDir);
  if (credentials && (await isUp(credentials))) return tellStory(credentials, samples, tell);
  tell('No consortium is running here (npm start): starting one for this story …');
  const scratch = mkdtempSync(join(tmpdir(), 'chartkey-demo-'));
  const run = await ConsortiumRun.start({
    dataDir: scratch,
    portBase: Number(process.env['PORT_BASE'] ?? 7001),
  });
  try {
    await tellStory(run.founding.credentials, samples, tell);
  } finally {
    await run.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readCredentials(dataDir: string): DemoCredentials | undefined {
  const { credentials } = foundingFiles(dataDir);
  return existsSync(credentials)
    ? (JSON.parse(readFileSync(credentials, 'utf8')) as DemoCredentials)
    : undefined;
}

async function isUp({ organisations }: DemoCredentials): Promise<boolean> {
  const answers = organisations.map(({ url }) => fetch(`${url}/health/ready`).then((answer) => answer.ok));
  return Promise.all(answers).then(
    (ready) => ready.every(Boolean),
    () => false,
  );
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
