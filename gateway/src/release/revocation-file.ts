import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** One line: CRC-32 of the text in hexadecimal, a blank, the text. */
function lineOf(text: string): string {
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function textIn(line: string): string | undefined {
  const text = line.slice(9);
  return lineOf(text) === `${line}\n` ? text : undefined;
}

/** How many lines there are from the first on, and the CRC-32 over them. */
export interface Mark {
  lines: number;
  crc: number;
}

/** The mark of texts that follow those of another mark. */
export function markOf(texts: readonly string[], before: Mark = { lines: 0, crc: 0 }): Mark {
  return { lines: before.lines + texts.length, crc: crc32(texts.map(lineOf).join(''), before.crc) };
}

/** Texts of one line each that are only ever added, each on the disk before `append` returns. */
export class AppendedLines {
  private constructor(
    private readonly file: number,
    private bytes: number,
    private written: Mark,
  ) {}

  /** What the file holds now. */
  get mark(): Mark {
    return this.written;
  }

  /**
   * Opens the file, or makes it. What a crash cut off in the middle of a line is removed; so is any other
   * line that is damaged, and every sound line is kept.
   * @returns the file and its texts in order
   */
  static open(path: string): { lines: AppendedLines; texts: string[] } {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const content = readIfThere(path);
    const texts = content.split('\n').flatMap((line) => textIn(line) ?? []);
    const sound = texts.map(lineOf).join('');
    if (sound !== content) replaceFile(path, sound);
    const file = openSync(path, 'a', 0o600);
    syncFolder(dirname(path));
    return { lines: new AppendedLines(file, Buffer.byteLength(sound), markOf(texts)), texts };
  }

  /**
   * Adds texts without line breaks, all or none of them.
   * @throws Error of node:fs, for instance when the disk is full
   */
  append(texts: readonly string[]): void {
    const bytes = Buffer.from(texts.map(lineOf).join(''));
    try {
      writeAll(this.file, bytes);
    } catch (error) {
      ftruncateSync(this.file, this.bytes);
      throw error;
    }
    this.bytes += bytes.length;
    this.written = markOf(texts, this.written);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** The text of a file, empty when there is none. Bytes that are no UTF-8 spoil their line's CRC only. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Writes a whole file so that a crash leaves the old content or the new: write, fsync, rename, fsync. */
export function replaceFile(path: string, content: string): void {
  const fresh = `${path}.new`;
  const file = openSync(fresh, 'w', 0o600);
  try {
    writeAll(file, Buffer.from(content));
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
  syncFolder(dirname(path));
}

/** A write may stop short (a file size limit); writing the rest then shows the cause as an error. */
function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
  fsyncSync(file);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
