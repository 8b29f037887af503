import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  open as openCallback,
  read as readCallback,
  readSync,
} from 'node:fs';
import { link, lstat, mkdir, readdir, realpath, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ByteRange } from '@chartkey/vocabulary';
import {
  AlreadyInVault,
  asVaultFull,
  NotInVault,
  systemCode,
  Tampered,
  VaultPathRefused,
} from './failures.ts';
import { syncFolder, writeDurably } from './file-writing.ts';
import { checkName } from './names.ts';
import type { ByteSource } from './segments.ts';
import type { Store, StoredObject } from './store.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const READ_BYTES = 4 * 65_536;
const open = promisify(openCallback);
const read = promisify(readCallback);
/** Where puts write first. No name of an object begins with a dot, so this folder is out of their reach. */
export const unfinishedFolder = '.unfinished';
const linkRefusal = 'the way to this object leads over a link or a file: remove it and restore the folder';

/**
 * Objects as files below one folder: written under a temporary name, fsync, rename, fsync of the folder.
 * Symbolic links below the folder are refused. One process at a time may write there.
 * @throws VaultFull, VaultPathRefused
 */
export async function openFileStore(folder: string): Promise<Store> {
  await attempt(mkdir(folder, { recursive: true, mode: 0o700 }));
  const root = await realpath(folder);
  const store = new FileStore(root);
  await store.makeFolder(join(root, unfinishedFolder));
  return store;
}

class FileStore implements Store {
  private readonly inFlight = new Set<string>();

  constructor(private readonly root: string) {}

  async put(name: string, bytes: ByteSource, { ifAbsent = false } = {}): Promise<void> {
    const { folder, path } = this.pathOf(name);
    const temporary = randomUUID();
    const written = join(this.root, unfinishedFolder, temporary);
    this.inFlight.add(temporary);
    try {
      await this.makeFolder(folder);
      await this.checkFolder(join(this.root, unfinishedFolder));
      await writeDurably(written, bytes);
      await (ifAbsent ? link(written, path) : rename(written, path));
      await syncFolder(folder);
    } catch (error) {
      if (ifAbsent && systemCode(error) === 'EEXIST') throw new AlreadyInVault(name, { cause: error });
      throw asVaultFull(error);
    } finally {
      await rm(written, { force: true });
      this.inFlight.delete(temporary);
    }
  }

  async get(name: string, range?: ByteRange): Promise<Readable> {
    const { path } = this.pathOf(name);
    const { fd, size } = await this.openPlain(name);
    const wanted = range ? range.end + 1 - range.start : size;
    const highWaterMark = Math.max(1, Math.min(READ_BYTES, wanted, size));
    return createReadStream(path, { fd, highWaterMark, ...range });
  }

  async read(name: string, most: number): Promise<Buffer> {
    const { fd, size } = await this.openPlain(name);
    try {
      if (size > most) throw new Tampered('size of a stored object');
      return await readWhole(fd, size);
    } finally {
      closeSync(fd);
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const slash = prefix.indexOf('/');
    const folders = slash < 0 ? ['', ...(await this.foldersLike(prefix))] : [prefix.slice(0, slash)];
    for (const folder of folders) {
      for (const leaf of await this.leavesOf(folder)) {
        const name = folder ? `${folder}/${leaf}` : leaf;
        if (!name.startsWith(prefix)) continue;
        const stat = await lstat(join(this.root, name)).catch(() => undefined);
        if (stat?.isFile()) yield { name, writtenAt: stat.mtimeMs };
      }
    }
  }

  async delete(name: string): Promise<void> {
    const { folder, path } = this.pathOf(name);
    try {
      await this.checkFolder(folder);
      await unlink(path);
      await syncFolder(folder);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw asVaultFull(error);
    }
  }

  async exists(name: string): Promise<boolean> {
    const { folder, path } = this.pathOf(name);
    try {
      await this.checkFolder(folder);
      return (await lstat(path)).isFile();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async discardUnfinished(): Promise<number> {
    const folder = join(this.root, unfinishedFolder);
    await this.checkFolder(folder);
    const left = (await readdir(folder)).filter((leaf) => !this.inFlight.has(leaf));
    for (const leaf of left) await rm(join(folder, leaf), { recursive: true, force: true });
    return left.length;
  }

  /** Makes a folder of the store, durably. */
  async makeFolder(folder: string): Promise<void> {
    try {
      await this.checkFolder(folder);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await attempt(mkdir(folder, { recursive: true, mode: 0o700 }));
      await syncFolder(this.root);
      await this.checkFolder(folder);
    }
  }

  /** @throws VaultPathRefused when the folder is a symbolic link, a file, or reached through a link. */
  private async checkFolder(folder: string): Promise<void> {
    if ((await lstat(folder)).isDirectory() && (await realpath(folder)) === folder) return;
    throw new VaultPathRefused(linkRefusal);
  }

  /**
   * Opens off this thread, which may have to wait for the disk; what is asked of an open file is answered
   * from memory, and sooner than another thread could be told to ask.
   */
  private async openPlain(name: string): Promise<{ fd: number; size: number }> {
    const { path, folder } = this.pathOf(name);
    let fd: number | undefined;
    try {
      // O_NONBLOCK: a pipe put in place of a file must not hang us.
      fd = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      // The root was a real path, and names have one folder at most (`checkName`).
      if (!lstatSync(folder).isDirectory()) throw new VaultPathRefused(linkRefusal);
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new VaultPathRefused('this object is not a plain file');
      return { fd, size: stat.size };
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if (systemCode(error) === 'ELOOP') throw new VaultPathRefused(linkRefusal);
      throw systemCode(error) === 'ENOENT' ? new NotInVault(name, { cause: error }) : error;
    }
  }

  private pathOf(name: string): { folder: string; path: string } {
    const path = join(this.root, checkName(name));
    return { path, folder: join(path, '..') };
  }

  private async foldersLike(prefix: string): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== unfinishedFolder);
    return folders.map((entry) => entry.name).filter((name) => name.startsWith(prefix));
  }

  private async leavesOf(folder: string): Promise<string[]> {
    const path = join(this.root, folder);
    try {
      await this.checkFolder(path);
      return await readdir(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

/** Little is read at once, on this thread: to ask another one takes longer. */
async function readWhole(fd: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const rest = [fd, bytes, filled, size - filled, filled] as const;
    const count = size <= READ_BYTES ? readSync(...rest) : (await read(...rest)).bytesRead;
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function attempt<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asVaultFull(error);
  }
}
