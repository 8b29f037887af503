import { resolve } from 'node:path';
import { ConsortiumRun } from './consortium-run.ts';
import { foundingFiles } from './founding.ts';
import { allPorts, type DemoSettings, readSettings, refuseTakenPorts, takeFolder } from './settings.ts';
import { onStopSignals } from './signals.ts';
import type { Underneath } from './underneath.ts';

/** What differs between the commands that start a consortium. */
export interface Foreground {
  command: string;
  /** one sentence on what it runs on */
  notice: string;
  /** the data folder when DATA_DIR is unset */
  dataDir: string;
  make(settings: DemoSettings): Promise<Underneath>;
}

/** Starts a consortium, says what to do next, and stops everything on Ctrl-C. */
export function runInForeground(foreground: Foreground): void {
  run(foreground).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
}

async function run(foreground: Foreground): Promise<void> {
  const [word] = process.argv.slice(2);
  if (word === '--help' || word === '-h') return say(helpOf(foreground));
  const { command } = foreground;
  if (word !== undefined) throw new Error(`${command} takes no ${word}. See ${command} -- --help.`);
  const began = performance.now();
  const settings = readSettings(process.env, foreground.dataDir);
  const underneath = await foreground.make(settings);
  await takeFolder(settings.dataDir);
  await refuseTakenPorts(allPorts(settings.portBase, underneath.ports));
  const stopping = new AbortController();
  onStopSignals(() => {
    if (!stopping.signal.aborted) say('\nStopping …');
    stopping.abort();
  });
  try {
    const progress = (step: string) => say(`  … ${step}`);
    const run = await ConsortiumRun.start({ ...settings, underneath, progress, signal: stopping.signal });
    announce(foreground, run, settings.dataDir, performance.now() - began);
    const ended = await run.anyEnds();
    await run.stop();
    if (!stopping.signal.aborted) throw new Error(`A process ended by itself: ${ended}`);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }
  say(`Stopped. The data stay; start again with ${command}.`);
}

function helpOf({ command, notice, dataDir }: Foreground): string {
  return `${command}: starts the demo consortium. ${notice}

  PORT_BASE    7001        first of the gateways' ports; metrics at + 100, the ledger's above
  DATA_DIR     ${dataDir.padEnd(11)} where keys, records and the ledger's blocks are kept; founded for one PORT_BASE
  APP_ORIGINS              origins of browser apps that may call the gateways, separated by commas
  LOG_LEVEL    info        what the gateways write to the folder's logs/`;
}

function announce({ notice }: Foreground, { founding }: ConsortiumRun, dataDir: string, took: number): void {
  const urls = founding.credentials.organisations.map(
    ({ name, kind, url }) => `  ${url}   ${name} (${kind}); API: ${url}/docs`,
  );
  const folder = dataDir === resolve('.chartkey') ? '' : `DATA_DIR=${dataDir} `;
  say(`
The demo consortium is ready (${(took / 1000).toFixed(1)} s).
${notice}

${urls.join('\n')}

  network      ${founding.network}
  credentials  ${foundingFiles(dataDir).credentials}

Now try, in a second shell:   ${folder}npm run demo
Ctrl-C stops everything.`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
