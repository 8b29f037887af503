import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  anchorOf,
  facts,
  filesIn,
  patient,
  plaintext,
  readBack,
  soak,
  temporaryFolder,
  vaultIn,
} from './sample.ts';

const root = temporaryFolder();
const child = [process.execPath, '--require', join(__dirname, 'load-typescript.cjs')];
const script = join(__dirname, 'uploading-child.ts');

interface Ending {
  signal: NodeJS.Signals | null;
  output: string;
}
async function run(prefix: string, ...args: string[]): Promise<Ending> {
  const command = [prefix, 'exec "$@"'].filter(Boolean).join('; ');
  const process = spawn('/bin/sh', ['-c', command, 'sh', ...child, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  process.stdout.on('data', (part) => (output += part));
  return new Promise((resolve) => process.on('close', (_, signal) => resolve({ signal, output })));
}

interface Anchored {
  version: number;
  length: number;
  commitment: string;
}
function ledgerIn(own: string): Anchored[] {
  const path = join(own, 'ledger');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Anchored);
}

function folderFor(name: string): string {
  mkdirSync(join(root, name));
  return join(root, name);
}

/** Opens what the dead process left, sweeps, and looks whether all or nothing is there. */
async function expectAllOrNothing(own: string) {
  const vault = await vaultIn(own);
  const anchored = ledgerIn(own);
  const isAnchored = async (record: string, version: number, commitment: string) =>
    record === facts.record && anchored.some((it) => it.version === version && it.commitment === commitment);
  await vault.sweep({ isAnchored, youngest: 0 });
  for (const { version, length, commitment } of anchored) {
    const content = await readBack(vault, { record: facts.record, version, patient, commitment });
    expect(content.equals(plaintext(length))).toBe(true);
  }
  expect(filesIn(join(own, 'vault'))).toHaveLength(2 * anchored.length);
  expect(filesIn(join(own, 'patient-keys')).filter((file) => file !== patient)).toEqual([]);
  expect(filesIn(join(own, 'keys'))).toEqual(['vault-1.key']);
  const sealed = await vault.sealRecord([plaintext(10)], { ...facts, version: 9 });
  expect((await readBack(vault, anchorOf(sealed))).equals(plaintext(10))).toBe(true);
}

test('killed at any file operation, what was anchored is readable and the rest is swept', async () => {
  const { output } = await run('', folderFor('whole'));
  const { failure, trace } = JSON.parse(output) as { failure?: string; trace: string[][] };
  expect(failure).toBeUndefined();
  await expectAllOrNothing(join(root, 'whole'));
  const every = soak ? 1 : Math.ceil(trace.length / 8);
  const steps = trace.map((_, at) => at + 1).filter((step) => step % every === Math.min(1, every - 1));
  for (const [turn, step] of steps.entries()) {
    for (const moment of soak ? ['before', 'after'] : [turn % 2 ? 'before' : 'after']) {
      const own = folderFor(`${moment}-${step}`);
      expect((await run('', own, String(step), moment)).signal).toBe('SIGKILL');
      await expectAllOrNothing(own);
    }
  }
});

test('an object is synced before it gets its name, and its folder after', async () => {
  const { output } = await run('', folderFor('traced'));
  const { trace } = JSON.parse(output) as { trace: string[][] };
  const named = trace.flatMap(([name, from, to], at) =>
    name === 'rename' || name === 'link' ? [{ at, from, to }] : [],
  );
  expect(named).toHaveLength(8);
  for (const { at, from, to = '' } of named) {
    const [before, after] = [trace.slice(0, at), trace.slice(at)];
    const lastWrite = before.findLastIndex(([name, path]) => name === 'writev' && path === from);
    expect(before.findLastIndex(([name, path]) => name === 'sync' && path === from)).toBeGreaterThan(
      lastWrite,
    );
    expect(after).toContainEqual(['sync', join(to, '..')]);
  }
});

test('on a full disk the upload fails as such, leaves nothing, and what was there stays readable', async () => {
  const own = folderFor('full');
  // 128 KiB is the largest file this process may write: the second upload meets EFBIG on its way.
  const { output } = await run('ulimit -f 256', own);
  expect(JSON.parse(output).failure).toBe('VaultFull');
  expect(ledgerIn(own)).toHaveLength(1);
  expect(filesIn(join(own, 'vault'))).toHaveLength(2);
  await expectAllOrNothing(own);
});
