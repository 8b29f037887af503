import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from './segments.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** of most objects, which are small */
const FIRST_BLOCK_BYTES = 1 << 16;
const BLOCK_BYTES = 1 << 20;
const SYNC_BYTES = 64 << 20;

/**
 * Writes a new file; when it resolves the bytes are on the disk, though not yet its name. Chunks are copied
 * before the next one is asked for.
 */
export async function writeDurably(path: string, bytes: ByteSource): Promise<void> {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await writeAll(file, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder's own entries durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: FileHandle, source: ByteSource): Promise<void> {
  const writer = new BlockWriter(file);
  try {
    for await (const chunk of source) {
      for (let taken = 0; taken < chunk.length; ) {
        taken += writer.fill(chunk.subarray(taken));
        if (writer.isFull) await writer.writeOn();
      }
    }
    await writer.writeOn();
    await writer.finish();
  } finally {
    await writer.rest();
  }
}

/**
 * Copies bytes into two blocks in turn: one is filled while the other is written. What is written goes to
 * the disk in the background, or all of a large file would wait for the last sync.
 */
class BlockWriter {
  private block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  private other = Buffer.alloc(0);
  private filled = 0;
  private unsynced = 0;
  private writing: Promise<void> = Promise.resolve();
  private syncing: Promise<void> = Promise.resolve();

  constructor(private readonly file: FileHandle) {}

  get isFull(): boolean {
    return this.filled === this.block.length;
  }

  /** Takes what there is room for; answers how many bytes. */
  fill(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.block.length - this.filled);
    this.block.set(part, this.filled);
    this.filled += part.length;
    return part.length;
  }

  /** Begins to write what is filled. @throws what the write before failed with */
  async writeOn(): Promise<void> {
    await this.writing;
    this.writing = this.write(this.block.subarray(0, this.filled));
    // The next one hears of a failure; until then it must not count as unhandled.
    this.writing.catch(() => {});
    const next = this.other.length === BLOCK_BYTES ? this.other : Buffer.allocUnsafeSlow(BLOCK_BYTES);
    [this.block, this.other, this.filled] = [next, this.block, 0];
  }

  async finish(): Promise<void> {
    await this.writing;
    await this.syncing;
  }

  /** Waits until nothing touches the file any more, whatever came of it. */
  async rest(): Promise<void> {
    await Promise.allSettled([this.writing, this.syncing]);
  }

  private async write(block: Uint8Array): Promise<void> {
    await writeWhole(this.file, block);
    this.unsynced += block.length;
    if (this.unsynced < SYNC_BYTES) return;
    // A failure is told once: by this sync and not again by the last one.
    await this.syncing;
    this.syncing = this.file.datasync();
    this.syncing.catch(() => {});
    this.unsynced = 0;
  }
}

/** A write may stop short (a file size limit); the rest is tried again so that the cause shows as an error. */
async function writeWhole(file: FileHandle, block: Uint8Array): Promise<void> {
  for (let written = 0; written < block.length; ) {
    const { bytesWritten } = await file.writev([block.subarray(written)]);
    written += bytesWritten;
  }
}
