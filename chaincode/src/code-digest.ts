import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  /** what decides which file runs */
  main?: unknown;
  exports?: unknown;
  imports?: unknown;
  type?: unknown;
}

/** A package as it lies on disk. */
interface Package extends Manifest {
  folder: string;
}

const CODE = /\.(?:js|cjs|mjs|json)$/;
/** npm of some ages writes notes of its own into them; what counts of them is who they are and what runs. */
const MANIFEST = /(?:^|\/)package\.json$/;

/**
 * SHA-256, hex, over the code that a package runs: every script and JSON file of its own, and of all
 * packages it stands on, by name, version and content. Where things lie does not matter. A
 * chaincode-as-a-service package holds an address and no code, so this digest stands in the definition's
 * version: who approves that approves this code.
 * @param folder of the package; our chaincode's when absent
 * @throws Error naming a package that is not installed
 */
export function codeDigest(folder: string = join(__dirname, '..')): string {
  const hash = createHash('sha256');
  for (const one of closureOf(packageIn(folder)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    const { main, exports, imports, type } = one;
    hash.update(`${nameOf(one)} ${JSON.stringify({ main, exports, imports, type })}\n`);
    for (const path of codeOf(one)) {
      const content = createHash('sha256')
        .update(readFileSync(join(one.folder, path)))
        .digest('hex');
      hash.update(`${content}  ${path}\n`);
    }
  }
  return hash.digest('hex');
}

let ours: string | undefined;

/** The digest of the code that this process runs: read as it starts, before the files can be others. */
export function ownCodeDigest(): string {
  ours ??= codeDigest();
  return ours;
}

const nameOf = ({ name, version }: Manifest) => `${name}@${version}`;

function packageIn(folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return { ...manifest, folder: realpathSync(folder) };
}

/** A package and all that it stands on, each version once. */
function closureOf(root: Package): Package[] {
  const found = new Map<string, Package>();
  const waiting = [root];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (found.has(nameOf(next))) continue;
    found.set(nameOf(next), next);
    for (const name of Object.keys(next.dependencies ?? {})) waiting.push(packageIn(installed(name, next)));
  }
  return [...found.values()];
}

/** Where Node finds a package: in the nearest node_modules above who asks. */
function installed(name: string, asking: Package): string {
  for (let folder = asking.folder; ; folder = dirname(folder)) {
    const there = join(folder, 'node_modules', name);
    if (existsSync(join(there, 'package.json'))) return there;
    if (folder === dirname(folder)) throw new Error(`${nameOf(asking)} stands on ${name}, not installed`);
  }
}

/** What a package brings along of its own (packages inside it count by themselves), in code point order. */
function codeOf({ folder, name }: Package): string[] {
  const source = name.startsWith('@chartkey/') ? join(folder, 'dist') : folder;
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => CODE.test(path) && !MANIFEST.test(path) && !`/${path}`.includes('/node_modules/'))
    .map((path) => (source === folder ? path : `dist/${path}`))
    .sort();
}
