import { encodeBase64url } from './base64url.ts';

/** Bytes of one keyed hash in `leaves`. */
export const LEAF_BYTES = 32;
const LEAVES_A_TURN = 1024;

/** What a platform lends: its own SHA-256, and a way to let other work run. */
export interface CommitmentMeans {
  sha256(bytes: Uint8Array): Uint8Array;
  nextTurn(): Promise<unknown>;
}

/**
 * The root over leaf 0 (the header's bytes) and the keyed segment hashes, base64url: a SHA-256 tree of the
 * shape of RFC 9162 section 2.1.1. Long trees give way to other work on the way.
 * @throws RangeError when `leaves` is not a whole number of hashes, at least one.
 */
export async function commitmentRoot(
  header: Uint8Array,
  leaves: Uint8Array,
  { sha256, nextTurn }: CommitmentMeans,
): Promise<string> {
  if (leaves.length === 0 || leaves.length % LEAF_BYTES !== 0) {
    throw new RangeError('leaves must be whole keyed hashes of 32 bytes, one at least');
  }
  const tree = new Tree(sha256);
  tree.add(header);
  for (let at = 0; at < leaves.length; at += LEAF_BYTES) {
    tree.add(leaves.subarray(at, at + LEAF_BYTES));
    if ((at / LEAF_BYTES) % LEAVES_A_TURN === LEAVES_A_TURN - 1) await nextTurn();
  }
  return encodeBase64url(tree.root());
}

/** Full subtrees, the largest first; two of one size become one. */
class Tree {
  private readonly subtrees: { size: number; root: Uint8Array }[] = [];
  private readonly pair = new Uint8Array(1 + 2 * LEAF_BYTES).fill(1);

  constructor(private readonly sha256: CommitmentMeans['sha256']) {}

  add(leaf: Uint8Array): void {
    const prefixed = new Uint8Array(1 + leaf.length);
    prefixed.set(leaf, 1);
    let added = { size: 1, root: this.sha256(prefixed) };
    for (let left = this.subtrees.at(-1); left?.size === added.size; left = this.subtrees.at(-1)) {
      this.subtrees.pop();
      added = { size: 2 * added.size, root: this.join(left.root, added.root) };
    }
    this.subtrees.push(added);
  }

  root(): Uint8Array {
    return this.subtrees.map(({ root }) => root).reduceRight((right, left) => this.join(left, right));
  }

  private join(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.pair.set(left, 1);
    this.pair.set(right, 1 + LEAF_BYTES);
    return this.sha256(this.pair);
  }
}
