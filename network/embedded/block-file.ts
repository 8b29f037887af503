import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncFolder } from '../durable-file.ts';

/** Where a block's frame lies in the file. */
export interface Frame {
  readonly offset: number;
  /** Bytes of the block, without the frame's own eight. */
  readonly length: number;
}

/** Length and CRC-32 of the content, big endian. */
const FRAME_HEADER = 8;

/** A broken file that must not be gone over silently; the message is for the operator. */
export class BlockFileFailure extends Error {}

/**
 * The append-only file of blocks, the ledger's only truth: frames of length, CRC-32 and block bytes.
 * `append` has fsynced when it resolves. A frame that a crash left half written is cut off by `recover`.
 */
export class BlockFile {
  readonly path: string;
  readonly #file: FileHandle;
  #end = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<BlockFile> {
    const file = await open(path, 'a').then(async (created) => {
      await created.close();
      return open(path, 'r+');
    });
    syncFolder(dirname(path));
    return new BlockFile(path, file);
  }

  /**
   * Walks the frames from an offset to the end, cuts a torn last frame, and sets where the next one goes.
   * @throws BlockFileFailure when a broken frame is followed by more data, or the file ends before `from`.
   */
  async recover(from: number, visit: (block: Buffer, frame: Frame) => Promise<void>): Promise<void> {
    const { size } = await this.#file.stat();
    if (size < from) {
      throw new BlockFileFailure(
        `${this.path} holds ${size} bytes but the state knows blocks up to ${from}: restore the file from a backup`,
      );
    }
    let offset = from;
    for (;;) {
      const block = await this.#readFrame(offset, size);
      if (!block) break;
      await visit(block, { offset, length: block.length });
      offset += FRAME_HEADER + block.length;
    }
    if (offset < size) {
      await this.#file.truncate(offset);
      await this.#file.sync();
    }
    this.#end = offset;
  }

  /** Appends a block and fsyncs. On failure the file is as before and the call may be repeated. */
  async append(block: Uint8Array): Promise<Frame> {
    const frame = Buffer.allocUnsafe(FRAME_HEADER + block.length);
    frame.writeUInt32BE(block.length, 0);
    frame.writeUInt32BE(crc32(block), 4);
    frame.set(block, FRAME_HEADER);
    const offset = this.#end;
    try {
      await this.#writeAll(frame, offset);
      await this.#file.datasync();
    } catch (cause) {
      await this.#file.truncate(offset).catch(() => undefined);
      throw cause;
    }
    this.#end = offset + frame.length;
    return { offset, length: block.length };
  }

  /** @throws BlockFileFailure when the bytes do not match their checksum. */
  async read(frame: Frame): Promise<Buffer> {
    const block = await this.#readFrame(frame.offset, frame.offset + FRAME_HEADER + frame.length);
    if (!block) throw new BlockFileFailure(`${this.path} is damaged at offset ${frame.offset}`);
    return block;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeAll(bytes: Buffer, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const result = await this.#file.write(bytes, written, bytes.length - written, position + written);
      written += result.bytesWritten;
    }
  }

  /** The block at an offset; undefined when what lies there is the torn end of the file. */
  async #readFrame(offset: number, size: number): Promise<Buffer | undefined> {
    if (offset + FRAME_HEADER > size) return undefined;
    const header = await this.#readBytes(offset, FRAME_HEADER);
    const length = header.readUInt32BE(0);
    const end = offset + FRAME_HEADER + length;
    if (end > size) return undefined;
    const block = await this.#readBytes(offset + FRAME_HEADER, length);
    if (length > 0 && crc32(block) === header.readUInt32BE(4)) return block;
    const torn = length === 0 ? await this.#onlyZeros(offset, size) : end === size;
    if (torn) return undefined;
    throw new BlockFileFailure(`${this.path} is damaged at offset ${offset}: restore it from a backup`);
  }

  /** A power cut can leave the file longer than what was written, filled with zeros. */
  async #onlyZeros(offset: number, size: number): Promise<boolean> {
    const rest = await this.#readBytes(offset, Math.min(size - offset, 1 << 20));
    return rest.every((byte) => byte === 0);
  }

  async #readBytes(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await this.#file.read(bytes, read, length - read, offset + read);
      if (bytesRead === 0) throw new BlockFileFailure(`${this.path} ended while being read`);
      read += bytesRead;
    }
    return bytes;
  }
}
