import {
  type ByteRange,
  PROLOGUE_BYTES,
  SEALED_SEGMENT_BYTES,
  segmentLength,
  segmentStart,
  segmentsOf,
  TAG_BYTES,
} from '@chartkey/vocabulary';
import { Tampered } from './failures.ts';
import { associatedDataOf } from './sealing.ts';
import { SegmentCipher } from './segment-cipher.ts';
import type { ByteSource } from './segments.ts';
import type { VerifiedVersion } from './verified-version.ts';

/** What it takes to open a range of a sealed stream. */
export interface Opening {
  readonly dataKey: Uint8Array;
  readonly version: VerifiedVersion;
  /** bytes of content wanted; all of them when absent */
  readonly range?: ByteRange | undefined;
  /** bytes 0 to 39 of the sealed stream, when the range does not begin in segment 0 */
  readonly prologue?: Uint8Array | undefined;
}

/**
 * Opens the bytes that `sealedRangeOf` names, own or another custodian's. Each segment's tag and leaf are
 * checked before one byte of it goes on; a stream that is too short or too long is not accepted either.
 * @throws Tampered at the first mismatch; RangeError for a range outside the content.
 */
export async function* openSealed(sealed: ByteSource, opening: Opening): AsyncGenerator<Buffer> {
  const { version, dataKey, range } = opening;
  const { length } = version.header;
  const { first, last } = segmentsOf(length, range);
  const stream = new ExactReader(sealed);
  try {
    const prologue = first === 0 ? Buffer.from(await stream.take(PROLOGUE_BYTES)) : opening.prologue;
    if (!prologue) throw new TypeError('a range that does not begin in segment 0 needs the prologue');
    const cipher = new SegmentCipher(dataKey, prologue, associatedDataOf(version.header));
    const final = segmentsOf(length).last;
    for (let segment = first; segment <= last; segment += 1) {
      const sealedBytes = await stream.take(segmentLength(length, segment) + TAG_BYTES);
      const content = cipher.open(segment, segment === final, sealedBytes);
      version.verifySegment(segment, content);
      if (segment === last && !(await stream.atEnd())) throw new Tampered('length of the sealed content');
      yield within(content, segmentStart(segment), range);
    }
  } finally {
    await stream.close();
  }
}

function within(content: Buffer, start: number, range: ByteRange | undefined): Buffer {
  return range ? content.subarray(Math.max(0, range.start - start), range.end + 1 - start) : content;
}

/** Takes exact numbers of bytes from a stream of any chunking, without a copy where a chunk holds them all. */
class ExactReader {
  private readonly iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private joined: Buffer | undefined;
  private chunk: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next `length` bytes (65,536 at most), valid until the next call. @throws Tampered when there are fewer. */
  async take(length: number): Promise<Uint8Array> {
    if (this.chunk.length >= length) return this.cut(length);
    this.joined ??= Buffer.allocUnsafeSlow(SEALED_SEGMENT_BYTES);
    let filled = 0;
    while (filled < length) {
      if (this.chunk.length === 0 && !(await this.next())) throw new Tampered('length of the sealed content');
      const part = this.cut(length - filled);
      this.joined.set(part, filled);
      filled += part.length;
    }
    return this.joined.subarray(0, length);
  }

  private cut(most: number): Uint8Array {
    const part = this.chunk.subarray(0, most);
    this.chunk = this.chunk.subarray(most);
    return part;
  }

  async atEnd(): Promise<boolean> {
    while (this.chunk.length === 0) if (!(await this.next())) return true;
    return false;
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async next(): Promise<boolean> {
    const { done, value } = await this.iterator.next();
    this.chunk = done ? new Uint8Array(0) : value;
    return !done;
  }
}
