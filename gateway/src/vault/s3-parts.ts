import { giveBack } from '../give-back.ts';
import type { ByteSource } from './segments.ts';

/** What one request carries: S3 allows no less and 10,000 in an object; 32 GiB are 6,600 of them. */
export const PART_BYTES = 5 << 20;
/** of most objects, which are small */
const FIRST_BYTES = 1 << 16;

/**
 * Consecutive bytes of an object. `bytes` are valid until the part after the next one is asked for.
 */
export interface Part {
  readonly number: number;
  readonly last: boolean;
  readonly bytes: Buffer;
}

/**
 * Cuts bytes into parts for S3, in two blocks in turn: one is filled while the other is sent. Empty bytes
 * are one empty part.
 */
export async function* cutParts(source: ByteSource): AsyncGenerator<Part> {
  let [block, other] = [Buffer.allocUnsafeSlow(FIRST_BYTES), Buffer.alloc(0)];
  let [number, filled] = [1, 0];
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      if (filled === PART_BYTES) {
        yield { number, last: false, bytes: block };
        [block, other] = [other.length > 0 ? other : Buffer.allocUnsafeSlow(PART_BYTES), block];
        [number, filled] = [number + 1, 0];
      }
      if (filled === block.length) block = enlarged(block);
      const part = chunk.subarray(taken, taken + block.length - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  }
  // Nothing that was yielded is given back: a request that was tried again may have left a write behind.
  yield { number, last: true, bytes: block.subarray(0, filled) };
}

function enlarged(block: Uint8Array): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.min(block.length * 4, PART_BYTES));
  larger.set(block);
  giveBack(block);
  return larger;
}
