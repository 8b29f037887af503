import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What a native network runs, all from Fabric's own releases. */
const NAMES = ['orderer', 'peer', 'osnadmin', 'configtxgen', 'cryptogen'] as const;
const BUILDER = ['detect', 'build', 'release'];
/** SmartBFT came with 3.0. */
const VERSION = /Version: v?([0-9]+)\.([0-9]+)\.[0-9]+/;
/** Characters of a program's last line; its end says the cause. */
const MOST_SAID = 300;
const WHERE =
  'They come with Fabric’s releases (https://github.com/hyperledger/fabric/releases): unpack one, and put its bin/ on the PATH.';

export type ProgramName = (typeof NAMES)[number];

/** The Fabric programs of this machine. */
export interface Programs {
  readonly path: Readonly<Record<ProgramName, string>>;
  /** folder whose bin/ holds the chaincode-as-a-service builder */
  readonly ccaasBuilder: string;
  /** such as `3.1.5` */
  readonly version: string;
}

/**
 * Finds the programs on the PATH; the builder lies there too, or beside `bin/` as in Fabric's releases.
 * @throws Error with one line that names what is missing, or too old, and where it comes from
 */
export async function findPrograms(env: NodeJS.ProcessEnv = process.env): Promise<Programs> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = NAMES.map((name) => [name, folders.map((one) => join(one, name)).find(runs)] as const);
  const missing = found.flatMap(([name, path]) => (path === undefined ? [name] : []));
  if (missing.length > 0) throw new Error(`Not on the PATH: ${missing.join(', ')}. ${WHERE}`);
  const path = Object.fromEntries(found) as Record<ProgramName, string>;
  const released = join(dirname(dirname(path.peer)), 'builders', 'ccaas');
  const builders = [released, ...folders.map(dirname)];
  const ccaasBuilder = builders.find((one) => BUILDER.every((name) => runs(join(one, 'bin', name))));
  if (ccaasBuilder === undefined) {
    throw new Error(`The chaincode-as-a-service builder (${BUILDER.join(', ')}) is missing. ${WHERE}`);
  }
  const said = await runProgram(path.peer, ['version'], {});
  const [, major, minor] = VERSION.exec(said) ?? [];
  if (Number(major) !== 3) {
    throw new Error(
      `Fabric 3 is needed for SmartBFT; this peer is ${major ?? '?'}.${minor ?? '?'}. ${WHERE}`,
    );
  }
  const version = VERSION.exec(said)![0].replace(/^Version: v?/, '');
  return { path, ccaasBuilder, version };
}

/** Runs a program to its end. @returns its standard output. @throws Error with the last line it said */
export async function runProgram(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const child = spawn(program, words, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, all] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    all += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    all += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return out;
  const last = stripVTControlCharacters(all.trim().split('\n').at(-1) ?? '');
  const end = last.length > MOST_SAID ? `… ${last.slice(-MOST_SAID)}` : last;
  throw new Error(`${[program.split('/').at(-1), ...words.slice(0, 4)].join(' ')} failed: ${end}`);
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}
