import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { commitmentRoot, LEAF_BYTES } from '@chartkey/vocabulary';

/** The keyed hashes of a content's segments, made while the content streams by (wire.md, "Bytes"). */
export class SegmentHashes {
  private readonly key: KeyObject;
  private readonly position = Buffer.alloc(4);
  private leaves = Buffer.allocUnsafe(32 * LEAF_BYTES);
  private count = 0;

  /** @param salt 32 bytes, from the header */
  constructor(salt: Uint8Array) {
    this.key = createSecretKey(salt);
  }

  /** Takes the next segment of the content. */
  add(segment: Uint8Array): void {
    const leaf = this.of(this.count + 1, segment);
    if ((this.count + 1) * LEAF_BYTES > this.leaves.length) {
      this.leaves = Buffer.concat([this.leaves], this.leaves.length * 2);
    }
    this.leaves.set(leaf, this.count * LEAF_BYTES);
    this.count += 1;
  }

  /** HMAC-SHA-256(salt, uint32be(position), segment); the first segment's position is 1. */
  of(position: number, segment: Uint8Array): Buffer {
    this.position.writeUInt32BE(position);
    return createHmac('sha256', this.key).update(this.position).update(segment).digest();
  }

  /** All keyed hashes so far, one after the other. */
  all(): Buffer {
    return Buffer.from(this.leaves.subarray(0, this.count * LEAF_BYTES));
  }
}

/** The root over a header's bytes and the keyed hashes, on node:crypto. @throws RangeError as `commitmentRoot` */
export function commitmentOf(header: Uint8Array, leaves: Uint8Array): Promise<string> {
  return commitmentRoot(header, leaves, { sha256: (bytes) => hash('sha256', bytes, 'buffer'), nextTurn });
}
