import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { systemCode, VaultKeyRefused } from './failures.ts';
import { KEY_BYTES, unwrapKey, type WrapContext, wrapKey } from './key-wrap.ts';
import { openFileStore, unfinishedFolder } from './store-file.ts';

/** The organisation's vault key in numbered epochs. The key itself never leaves, so that an HSM can stand here. */
export interface VaultKeys {
  /** the epoch that wraps now; 0 while there is none */
  readonly epoch: number;
  wrap(key: Uint8Array, context: WrapContext): Promise<{ epoch: number; wrapped: Buffer }>;
  /** @throws Tampered; VaultKeyRefused when the epoch's key is not here */
  unwrap(epoch: number, wrapped: Uint8Array, context: WrapContext): Promise<Buffer>;
  /** Adds an epoch and gives its number; earlier ones still unwrap. */
  rotate(): Promise<number>;
}

const fileOf = (epoch: number) => `vault-${epoch}.key`;
const filePattern = /^vault-([1-9][0-9]{0,5})\.key$/;

/**
 * Vault keys as files `vault-<epoch>.key` of 32 bytes in base64url, mode 0600, in a folder of their own.
 * @throws VaultKeyRefused for a file that others may read, a link, or one that holds no key
 */
export async function openVaultKeys(folder: string): Promise<VaultKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // A crash in `rotate` leaves a key that wrapped nothing yet.
  await rm(join(folder, unfinishedFolder), { recursive: true, force: true });
  const keys = new Map<number, Buffer>();
  for (const leaf of await readdir(folder)) {
    const epoch = filePattern.exec(leaf)?.[1];
    if (epoch) keys.set(Number(epoch), await readKey(join(folder, leaf)));
  }
  return new FileVaultKeys(folder, keys);
}

class FileVaultKeys implements VaultKeys {
  constructor(
    private readonly folder: string,
    private readonly keys: Map<number, Buffer>,
  ) {}

  get epoch(): number {
    return Math.max(0, ...this.keys.keys());
  }

  async wrap(key: Uint8Array, context: WrapContext): Promise<{ epoch: number; wrapped: Buffer }> {
    const { epoch } = this;
    return { epoch, wrapped: wrapKey(key, this.of(epoch), { ...context, epoch }) };
  }

  async unwrap(epoch: number, wrapped: Uint8Array, context: WrapContext): Promise<Buffer> {
    return unwrapKey(wrapped, this.of(epoch), { ...context, epoch });
  }

  async rotate(): Promise<number> {
    const epoch = this.epoch + 1;
    const key = randomBytes(KEY_BYTES);
    const store = await openFileStore(this.folder);
    await store.put(fileOf(epoch), [Buffer.from(`${key.toString('base64url')}\n`)], { ifAbsent: true });
    this.keys.set(epoch, key);
    return epoch;
  }

  private of(epoch: number): Buffer {
    const key = this.keys.get(epoch);
    if (!key)
      throw new VaultKeyRefused(`vault key ${epoch} is missing: restore ${fileOf(epoch)} to the key folder`);
    return key;
  }
}

async function readKey(path: string): Promise<Buffer> {
  const name = basename(path);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw new VaultKeyRefused(
      `${name} cannot be opened (${systemCode(error)}): give the gateway a plain file`,
    );
  });
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw new VaultKeyRefused(`${name} is open to others: chmod 600 it`);
    const text = await file.readFile('latin1');
    const key = Buffer.from(text.trimEnd(), 'base64url');
    if (key.length !== KEY_BYTES || `${key.toString('base64url')}\n` !== text) {
      throw new VaultKeyRefused(`${name} holds no vault key: restore it from its backup`);
    }
    return key;
  } finally {
    await file.close();
  }
}

/**
 * Outside a demo the vault key must not lie beside what it locks, since they would share backups.
 * @throws VaultKeyRefused when `keyPath`, links resolved, is `dataFolder` or below it
 */
export async function refuseVaultKeyInside(dataFolder: string, keyPath: string): Promise<void> {
  const way = relative(await realPathOf(dataFolder), await realPathOf(keyPath));
  if (way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way) return;
  throw new VaultKeyRefused(
    'the vault key lies inside the data folder: move it to a folder that is backed up apart',
  );
}

/** The path with links resolved as far as it exists. */
async function realPathOf(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(whole) === whole) throw error;
    return join(await realPathOf(dirname(whole)), basename(whole));
  }
}
