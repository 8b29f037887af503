import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The compiled ledger: a process of its own runs what was built, not the sources. */
export const MAIN = join(__dirname, '../../network/dist/embedded/main.js');

/** Starts the compiled ledger in a process of its own. */
export function spawnLedger(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits until the process has said that it is ready and that the chaincode has registered. */
export async function ready(child: ChildProcess): Promise<void> {
  for await (const line of createInterface({ input: child.stdout! })) {
    if (JSON.parse(line).chaincode === 'registered') return;
  }
  throw new Error('the ledger process ended before it was ready');
}

/** Exit code and standard error of a process that ends by itself. */
export async function output(child: ChildProcess): Promise<{ code: number | null; error: string }> {
  let error = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, error: error.trim() };
}
