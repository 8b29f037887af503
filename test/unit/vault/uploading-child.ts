// A process that uploads, to be killed at one of its steps or run on a full disk.
// Arguments: folder, then the number of the file operation that kills it (0: none), before or after it.
import { appendFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { openFileStore, openVault } from '../../../gateway/src/vault/index.ts';
import { chunked, facts, keysIn, plaintext } from './material.ts';

type Operation = (...args: never[]) => Promise<unknown>;
const [root = '', fatal = '0', moment = 'before'] = process.argv.slice(2);
const trace: string[][] = [];

/** Counts an operation and dies at the fatal one. */
function watch(target: object, name: string, label: (self: object, args: unknown[]) => string[]) {
  const methods = target as Record<string, Operation>;
  const real = methods[name];
  if (!real) throw new Error(`there is no ${name} to watch`);
  methods[name] = async function (this: object, ...args: never[]) {
    trace.push([name, ...label(this, args)]);
    const last = trace.length === Number(fatal);
    if (last && moment === 'before') process.kill(process.pid, 'SIGKILL');
    const result = await real.apply(this, args);
    if (name === 'open') paths.set(result as object, String(args[0]));
    if (last) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}

const paths = new WeakMap<object, string>();
const pathOf = (handle: object) => [paths.get(handle) ?? ''];

async function watchFiles() {
  const handle = await fsPromises.open(__filename);
  for (const name of ['writev', 'sync']) watch(Object.getPrototypeOf(handle), name, pathOf);
  await handle.close();
  for (const name of ['open', 'mkdir', 'rename', 'link', 'unlink', 'rm']) {
    watch(fsPromises, name, (_, args) => args.filter((arg) => typeof arg === 'string'));
  }
}

async function upload() {
  const payloads = await openFileStore(join(root, 'vault'));
  const vault = await openVault({ payloads, ...keysIn(root) });
  for (const [at, length] of [1000, 200_000].entries()) {
    const version = at + 1;
    const sealed = await vault.sealRecord(chunked(plaintext(length), [50_000]), { ...facts, version });
    appendFileSync(
      join(root, 'ledger'),
      `${JSON.stringify({ version, length, commitment: sealed.commitment })}\n`,
    );
    await vault.settle(sealed);
  }
}

async function main() {
  await watchFiles();
  const failure = await upload().then(
    () => undefined,
    (error: Error) => error.name,
  );
  process.stdout.write(JSON.stringify({ failure, trace }));
}

void main();
