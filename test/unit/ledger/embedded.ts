import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { connectLedger } from '../../../gateway/src/ledger/connect.ts';
import type { Deadlines } from '../../../gateway/src/ledger/connection.ts';
import type { Ledger } from '../../../gateway/src/ledger/ledger.ts';
import { DEMO_CONSORTIUM, servedBy } from '../../../network/consortium.ts';

const root = resolve(__dirname, '../../..');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a process and waits for the line on stdout that has every word; without words just starts it. */
async function started(args: string[], words: string[] = []): Promise<ChildProcess> {
  const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error', NODE_OPTIONS: '' };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const left = new Set(words);
  if (left.size > 0) {
    await new Promise<void>((found, failed) => {
      child.once('exit', (code) => failed(new Error(`${args[0]} ended with ${code}`)));
      lines.on('line', (line) => {
        for (const word of left) if (line.includes(word)) left.delete(word);
        if (left.size === 0) found();
      });
    });
  }
  lines.on('line', () => undefined);
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

export interface EmbeddedLedger {
  connect(member: string, deadlines?: Partial<Deadlines>): Promise<Ledger>;
  /** Ends the ledger's process at once, as a power cut would. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** An embedded ledger and the tally chaincode, each in a process of its own. */
export async function startEmbedded(): Promise<EmbeddedLedger> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartkey-ledger-'));
  const [port, chaincodePort] = [await freePort(), await freePort()];
  const chaincodeAddress = `127.0.0.1:${chaincodePort}`;
  const shim = [
    join(root, 'node_modules/fabric-shim/cli.js'),
    'server',
    '--chaincode-address',
    chaincodeAddress,
  ];
  const module = ['--chaincode-id', 'records:1', '--module-path', join(__dirname, 'tally-chaincode')];
  const chaincode = await started([...shim, ...module]);
  const main = join(root, 'network/dist/embedded/main.js');
  const args = [main, '--data-dir', dataDir, '--port', `${port}`, '--chaincode', chaincodeAddress];
  const start = () => started(args, ['"ready":true', '"chaincode":"registered"']);
  let ledger = await start();
  return {
    async connect(member, deadlines = {}) {
      const identity = join(dataDir, 'organisations', member, 'identity');
      return connectLedger({
        endpoint: `127.0.0.1:${port}`,
        tlsRoot: await readFile(join(dataDir, 'ledger/tls/ca.crt')),
        serverName: 'localhost',
        mspId: member,
        peerOrganisation: servedBy(DEMO_CONSORTIUM, member).id,
        certificate: await readFile(join(identity, 'client.crt'), 'utf8'),
        privateKey: await readFile(join(identity, 'client.key'), 'utf8'),
        channel: 'records',
        chaincode: 'records',
        deadlines,
      });
    },
    kill: () => end(ledger, 'SIGKILL'),
    async restart() {
      ledger = await start();
    },
    async stop() {
      await end(ledger, 'SIGTERM');
      await end(chaincode, 'SIGTERM');
      await rm(dataDir, { recursive: true });
    },
  };
}
