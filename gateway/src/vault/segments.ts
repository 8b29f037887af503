import { FIRST_SEGMENT_BYTES, SEGMENT_BYTES } from '@chartkey/vocabulary';

/** A part of the content as it is sealed. `bytes` are valid until the next segment is asked for. */
export interface Segment {
  readonly number: number;
  readonly last: boolean;
  readonly bytes: Uint8Array;
}

/** Bytes in any chunking: a request, a file, an array of buffers. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Cuts content into segments, whatever its chunking, in one buffer that is used again and again.
 * A segment goes out when a byte after it is seen, since the last one must be known as the last.
 */
export async function* cutSegments(source: ByteSource): AsyncGenerator<Segment> {
  const buffer = Buffer.allocUnsafeSlow(SEGMENT_BYTES);
  let number = 0;
  let capacity = FIRST_SEGMENT_BYTES;
  let filled = 0;
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('content must come as bytes, not as text');
    let taken = 0;
    while (taken < chunk.length) {
      if (filled === capacity) {
        yield { number, last: false, bytes: buffer.subarray(0, filled) };
        number += 1;
        capacity = SEGMENT_BYTES;
        filled = 0;
      }
      const part = chunk.subarray(taken, taken + capacity - filled);
      buffer.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  }
  yield { number, last: true, bytes: buffer.subarray(0, filled) };
}
