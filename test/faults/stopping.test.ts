import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { demoPorts } from '../../network/consortium.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';

const main = join(__dirname, '../../network/dist/demo/main.js');
let portBase: number;
let folder: string;
let remove: () => void;

beforeEach(async () => {
  portBase = await freePortBase();
  ({ folder, remove } = ownFolder());
});
afterEach(() => remove());

/** `npm start` without npm; resolves when it has said these words. */
async function started(
  words: string,
): Promise<{ child: ChildProcess; said: () => string; code: Promise<number> }> {
  const env = { ...process.env, DATA_DIR: folder, PORT_BASE: `${portBase}` };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const code = new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? -1)));
  await new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(words)) resolve();
      });
    }
    void code.then(() => resolve());
  });
  return { child, said: () => said, code };
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function openPorts(): Promise<number[]> {
  const { gateways, ledger, chaincode } = demoPorts(portBase);
  const ports = [...gateways.values(), ledger, chaincode];
  const open = await Promise.all(ports.map(isOpen));
  return ports.filter((_, at) => open[at]);
}

async function stopsAll(
  { child, said, code }: Awaited<ReturnType<typeof started>>,
  signal: NodeJS.Signals,
): Promise<void> {
  child.kill(signal);
  expect([await code, said()]).toEqual([0, expect.stringContaining('Stopped.')]);
  expect(await openPorts()).toEqual([]);
}

test.each([
  ['SIGINT', 'embedded ledger and chaincode'],
  ['SIGTERM', 'gateways'],
] as const)(
  '%s after “%s” stops all that was started, in order',
  async (signal, words) => {
    await stopsAll(await started(words), signal);
  },
  60_000,
);

test('a starter that is killed takes its processes with it, the next start finds a whole network, and a closed terminal stops that one in order', async () => {
  const first = await started('Ctrl-C stops everything');
  expect(await openPorts()).toHaveLength(6);
  first.child.kill('SIGKILL');
  await first.code;
  for (let left = 200; left > 0 && (await openPorts()).length > 0; left -= 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await openPorts()).toEqual([]);
  const second = await started('Ctrl-C stops everything');
  const third = await started('nothing');
  expect([await third.code, third.said()]).toEqual([1, expect.stringContaining(`is using ${folder}`)]);
  await stopsAll(second, 'SIGHUP');
}, 60_000);
