import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { demoPorts } from '../consortium.ts';

/** What the demo is told by its environment; an empty variable counts as unset. */
export interface DemoSettings {
  portBase: number;
  dataDir: string;
  /** settings handed on to every gateway */
  gatewayEnv: Record<string, string>;
}

const handedOn = ['APP_ORIGINS', 'LOG_LEVEL'];

/** @throws Error with one line when PORT_BASE is no port */
export function readSettings(env: NodeJS.ProcessEnv, dataDir = '.chartkey'): DemoSettings {
  const given = handedOn.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return {
    portBase: readPort(env['PORT_BASE'] || '7001'),
    dataDir: resolve(env['DATA_DIR'] || dataDir),
    gatewayEnv: Object.fromEntries(given),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port >= 1024 && port <= 65_000) return port;
  throw new Error(`PORT_BASE is not a port from 1024 to 65000: ${text}`);
}

/**
 * Makes the data folder if it is missing, and holds it until this process ends.
 * @throws Error with one line when it cannot be written, or another start holds it
 */
export async function takeFolder(dataDir: string): Promise<void> {
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
  if (process.platform !== 'linux') return;
  // An abstract socket (unix(7)) is gone with its process, so no lock is ever left behind.
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex');
  const free = await listens((server) => server.listen(`\0chartkey-demo-${name}`).unref());
  if (!free)
    throw new Error(`Another npm start is using ${dataDir}: stop it first, or choose another DATA_DIR.`);
}

/** @throws Error with one line that names the first port in use */
export async function refuseTakenPorts(ports: Iterable<number>): Promise<void> {
  for (const port of ports) {
    const free = await listens((server) =>
      server.listen(port, '127.0.0.1').once('listening', () => server.close()),
    );
    if (!free) {
      throw new Error(
        `Port ${port} is in use. Stop what uses it, or choose another PORT_BASE together with another DATA_DIR.`,
      );
    }
  }
}

/** Every port of a demo consortium. @param underneath the ledger's */
export function allPorts(portBase: number, underneath: readonly number[]): number[] {
  const { gateways, metrics } = demoPorts(portBase);
  return [...gateways.values(), ...metrics.values(), ...underneath];
}

function listens(listen: (server: ReturnType<typeof createServer>) => unknown): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false)).once('listening', () => done(true));
    listen(server);
  });
}
