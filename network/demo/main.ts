import { resolve } from 'node:path';
import { NOTICE } from '../embedded/ledger.ts';
import { ConsortiumRun } from './consortium-run.ts';
import { foundingFiles } from './founding.ts';
import { readSettings, refuseTakenPorts, takeFolder } from './settings.ts';
import { onStopSignals } from './signals.ts';

const HELP = `npm start: starts the demo consortium. It runs on an ${NOTICE}.

  PORT_BASE    7001        first of the gateways' ports; metrics at + 100, the ledger at + 50
  DATA_DIR     .chartkey   where keys, records and the ledger's blocks are kept; founded for one PORT_BASE
  APP_ORIGINS              origins of browser apps that may call the gateways, separated by commas
  LOG_LEVEL    info        what the gateways write to the folder's logs/`;

async function main(): Promise<void> {
  const [word] = process.argv.slice(2);
  if (word === '--help' || word === '-h') return say(HELP);
  if (word !== undefined) throw new Error(`npm start takes no ${word}. See npm start -- --help.`);
  const began = performance.now();
  const settings = readSettings(process.env);
  await takeFolder(settings.dataDir);
  await refuseTakenPorts(settings.portBase);
  const stopping = new AbortController();
  onStopSignals(() => {
    if (!stopping.signal.aborted) say('\nStopping …');
    stopping.abort();
  });
  try {
    const progress = (step: string) => say(`  … ${step}`);
    const run = await ConsortiumRun.start({ ...settings, progress, signal: stopping.signal });
    announce(run, settings.dataDir, performance.now() - began);
    const ended = await run.anyEnds();
    await run.stop();
    if (!stopping.signal.aborted) throw new Error(`A process ended by itself: ${ended}`);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }
  say('Stopped. The data stay; start again with npm start.');
}

function announce({ founding }: ConsortiumRun, dataDir: string, milliseconds: number): void {
  const urls = founding.credentials.organisations.map(
    ({ name, kind, url }) => `  ${url}   ${name} (${kind}); API: ${url}/docs`,
  );
  const folder = dataDir === resolve('.chartkey') ? '' : `DATA_DIR=${dataDir} `;
  say(`
The demo consortium is ready (${(milliseconds / 1000).toFixed(1)} s).
It runs on an ${NOTICE}.

${urls.join('\n')}

  network      ${founding.network}
  credentials  ${foundingFiles(dataDir).credentials}

Now try, in a second shell:   ${folder}npm run demo
Ctrl-C stops everything.`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
