import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { demoPorts } from '../consortium.ts';
import { NOTICE } from '../embedded/ledger.ts';
import { ConsortiumRun } from './consortium-run.ts';
import { foundingFiles } from './founding.ts';

const HELP = `Starts the demo consortium on the embedded ledger: ${NOTICE}.

  PORT_BASE  7001        first of the gateways' ports; metrics at + 100, the ledger at + 50
  DATA_DIR   .chartkey   where keys, records and the ledger's blocks are kept

Every setting of a gateway is an environment variable too: node gateway/dist/main.js --help`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return say(HELP);
  const began = performance.now();
  const portBase = readPort(process.env['PORT_BASE'] ?? '7001');
  const dataDir = resolve(process.env['DATA_DIR'] ?? '.chartkey');
  makeFolder(dataDir);
  await refuseTakenPorts(portBase);
  const run = await ConsortiumRun.start({ dataDir, portBase, progress: (step) => say(`  … ${step}`) });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    if (!stopping) say('\nStopping …');
    stopping ??= run.stop().then(() => say('Stopped. The data stay; start again with npm start.'));
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  announce(run, dataDir, performance.now() - began);
  const ended = await run.anyEnds();
  if (stopping) return stopping;
  await stop();
  throw new Error(`A process ended by itself: ${ended}`);
}

function announce({ founding }: ConsortiumRun, dataDir: string, milliseconds: number): void {
  const urls = founding.credentials.organisations.map(
    ({ name, kind, url }) => `  ${url}   ${name} (${kind}); API: ${url}/docs`,
  );
  say(`
The demo consortium is ready (${(milliseconds / 1000).toFixed(1)} s).
It runs on an ${NOTICE}.

${urls.join('\n')}

  network      ${founding.network}
  credentials  ${foundingFiles(dataDir).credentials}

Now try, in a second shell:   npm run demo
Ctrl-C stops everything.`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port >= 1024 && port <= 65_000) return port;
  throw new Error(`PORT_BASE is not a port from 1024 to 65000: ${text}`);
}

function makeFolder(dataDir: string): void {
  try {
    // Not recursive: Node never returns from a recursive mkdir under /proc.
    if (!existsSync(dataDir)) mkdirSync(dataDir, { mode: 0o700 });
    if (!statSync(dataDir).isDirectory()) throw new Error('not a folder');
    accessSync(dataDir, constants.W_OK);
  } catch {
    throw new Error(
      `The data folder cannot be written: ${dataDir}. Choose another with DATA_DIR, in a folder that is there.`,
    );
  }
}

async function refuseTakenPorts(portBase: number): Promise<void> {
  const { gateways, metrics, ledger, chaincode } = demoPorts(portBase);
  for (const port of [...gateways.values(), ...metrics.values(), ledger, chaincode]) {
    const free = await new Promise<boolean>((done) => {
      const server = createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (!free)
      throw new Error(`Port ${port} is in use. Stop what uses it, or choose other ports with PORT_BASE.`);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
