import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from './segments.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const BATCH_BYTES = 1 << 20;

/** Writes a new file; when it resolves the bytes are on the disk, though not yet its name. */
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

/** Writes a stream to a file in large batches, the next one gathered while the last one is written. */
async function writeAll(file: FileHandle, source: ByteSource): Promise<void> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const chunk of source) {
      batch.push(chunk);
      size += chunk.length;
      if (size < BATCH_BYTES) continue;
      await writing;
      writing = writeBatch(file, batch);
      // The loop hears of a failure at its next batch; until then it must not count as unhandled.
      writing.catch(() => {});
      batch = [];
      size = 0;
    }
  } finally {
    await writing;
  }
  await writeBatch(file, batch);
}

/** A write may stop short (a file size limit); the rest is tried again so that the cause shows as an error. */
async function writeBatch(file: FileHandle, batch: Uint8Array[]): Promise<void> {
  let rest = batch.filter((part) => part.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    rest = dropped(rest, bytesWritten);
  }
}

function dropped(parts: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  return parts.flatMap((part) => {
    const cut = Math.min(left, part.length);
    left -= cut;
    return cut === part.length ? [] : [part.subarray(cut)];
  });
}
