import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConsortiumRun } from './consortium-run.ts';
import { EmbeddedUnderneath } from './embedded-underneath.ts';
import { type DemoCredentials, foundingFiles } from './founding.ts';
import { samplesIn } from './samples.ts';
import { allPorts, type DemoSettings, readSettings, refuseTakenPorts } from './settings.ts';
import { onStopSignals } from './signals.ts';
import { tellStory } from './story.ts';

const HELP = `npm run demo [-- <folder or file>]: tells the main job as a story, with records of our own (all synthetic) or
yours, which then lie sealed in the data folder with the keys beside them: never take real patients' records.
Against a running npm start (its DATA_DIR, .chartkey when unset), or on a consortium of its own that is gone after.`;

const stopped = new AbortController();

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** npm run demo: against a running `npm start`, or on a consortium of its own that is gone afterwards. */
async function main(): Promise<void> {
  const [path] = process.argv.slice(2);
  if (path === '--help' || path === '-h') return tell(HELP);
  const own = join(dirname(require.resolve('@chartkey/network/package.json')), 'demo', 'samples');
  const samples = samplesIn(path === undefined ? own : resolve(path));
  const settings = readSettings(process.env);
  const credentials = readCredentials(settings.dataDir);
  tell(
    path === undefined
      ? 'Everyone in this story is synthetic.'
      : 'Your files go into the data folder with the keys beside them: never take real patients’ records.',
  );
  if (credentials && (await isUp(credentials))) return tellStory(credentials, samples, tell);
  tell('No consortium is running here (npm start): starting one for this story, on the embedded ledger …');
  await onConsortiumOfItsOwn(settings, (own) => tellStory(own, samples, tell));
}

async function onConsortiumOfItsOwn(
  { portBase }: DemoSettings,
  story: (credentials: DemoCredentials) => Promise<void>,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'chartkey-demo-'));
  let run: ConsortiumRun | undefined;
  try {
    onStopSignals(() => stopped.abort());
    // A reader such as `head` may leave before the end.
    process.stdout.on('error', () => stopped.abort());
    const underneath = new EmbeddedUnderneath(scratch, portBase);
    await refuseTakenPorts(allPorts(portBase, underneath.ports));
    run = await ConsortiumRun.start({ dataDir: scratch, portBase, underneath, signal: stopped.signal });
    await story(run.founding.credentials);
  } finally {
    await run?.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readCredentials(dataDir: string): DemoCredentials | undefined {
  const { credentials } = foundingFiles(dataDir);
  if (!existsSync(credentials)) return undefined;
  try {
    return JSON.parse(readFileSync(credentials, 'utf8')) as DemoCredentials;
  } catch {
    throw new Error(`${credentials} is damaged: delete the data folder and start anew.`);
  }
}

async function isUp({ organisations }: DemoCredentials): Promise<boolean> {
  const answers = organisations.map(({ url }) => fetch(`${url}/health/ready`).then((answer) => answer.ok));
  return Promise.all(answers).then(
    (ready) => ready.every(Boolean),
    () => false,
  );
}

process.stdout.on('error', () => undefined);
main().catch((error: Error) => {
  if (!stopped.signal.aborted) process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
