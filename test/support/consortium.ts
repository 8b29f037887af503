import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoCredentials, foundingFiles } from '../../network/demo/founding.ts';

/** Where the consortium that a test run shares lives: set by start-consortium. */
export interface Whereabouts {
  dataDir: string;
  portBase: number;
}

/** What the shared consortium stands on: `npm run test:fabric` says `fabric`. */
export const ledgerKind = process.env['LEDGER'] === 'fabric' ? 'fabric' : 'embedded';

/** The consortium that `npm test` started for this project. */
export function sharedConsortium(): Whereabouts & { credentials: DemoCredentials } {
  const { CONSORTIUM_DATA_DIR: dataDir, CONSORTIUM_PORT_BASE: portBase } = process.env;
  if (!dataDir || !portBase) throw new Error('no consortium was started: run this through npm test');
  const credentials = JSON.parse(readFileSync(foundingFiles(dataDir).credentials, 'utf8')) as DemoCredentials;
  return { dataDir, portBase: Number(portBase), credentials };
}

/** Ports above the base that a consortium may listen on, a Fabric network's among them. */
const offsets = [0, 50, 100, 200, 205, 210, 215, 220, 225, 230, 235].flatMap((first) =>
  [0, 1, 2, 3, 4].map((more) => first + more),
);

/** A port base whose block of ports (gateways, ledger, metrics) is free now. */
export async function freePortBase(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const base = 20_000 + Math.floor(Math.random() * 40) * 300 + (process.pid % 12) * 5;
    const ports = [...offsets].map((more) => base + more);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error('no free block of ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A folder of a test's own, and how to be rid of it. */
export function ownFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
