import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Bytes of one keyed hash in `leaves`. */
export const LEAF_BYTES = 32;
const LEAVES_A_TURN = 1024;

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

/**
 * The root over leaf 0 (the header's bytes) and the keyed segment hashes, base64url: a SHA-256 tree of the
 * shape of RFC 9162 section 2.1.1. Long trees give way to other work on the way.
 * @throws RangeError when `leaves` is not a whole number of hashes, at least one.
 */
export async function commitmentOf(header: Uint8Array, leaves: Uint8Array): Promise<string> {
  if (leaves.length === 0 || leaves.length % LEAF_BYTES !== 0) {
    throw new RangeError('leaves must be whole keyed hashes of 32 bytes, one at least');
  }
  const tree = new Tree();
  tree.add(leafHash(header));
  for (let at = 0; at < leaves.length; at += LEAF_BYTES) {
    tree.add(leafHash(leaves.subarray(at, at + LEAF_BYTES)));
    if ((at / LEAF_BYTES) % LEAVES_A_TURN === LEAVES_A_TURN - 1) await nextTurn();
  }
  return tree.root().toString('base64url');
}

function leafHash(bytes: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(0), bytes]), 'buffer');
}

/** Full subtrees, the largest first; two of one size become one. */
class Tree {
  private readonly subtrees: { size: number; root: Buffer }[] = [];
  private readonly pair = Buffer.alloc(1 + 2 * LEAF_BYTES, 1);

  add(leaf: Buffer): void {
    let added = { size: 1, root: leaf };
    for (let left = this.subtrees.at(-1); left?.size === added.size; left = this.subtrees.at(-1)) {
      this.subtrees.pop();
      added = { size: 2 * added.size, root: this.join(left.root, added.root) };
    }
    this.subtrees.push(added);
  }

  root(): Buffer {
    return this.subtrees.map(({ root }) => root).reduceRight((right, left) => this.join(left, right));
  }

  private join(left: Buffer, right: Buffer): Buffer {
    this.pair.set(left, 1);
    this.pair.set(right, 1 + LEAF_BYTES);
    return hash('sha256', this.pair, 'buffer');
  }
}
