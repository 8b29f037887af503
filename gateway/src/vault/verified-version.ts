import { timingSafeEqual } from 'node:crypto';
import { canonicalJson, LEAF_BYTES, RecordHeader, segmentCount } from '@chartkey/vocabulary';
import { commitmentOf, SegmentHashes } from './commitment.ts';
import { Tampered } from './failures.ts';

/** What the ledger says of a version: enough to find it and to check every byte of it. */
export interface Anchor {
  readonly record: string;
  readonly version: number;
  readonly patient: string;
  /** base64url root, as anchored */
  readonly commitment: string;
}

/** A header and leaves that match the anchor's commitment. Made by `VerifiedVersion.verify` only. */
export class VerifiedVersion {
  private readonly hashes: SegmentHashes;
  private constructor(
    readonly header: RecordHeader,
    readonly leaves: Uint8Array,
    readonly commitment: string,
  ) {
    this.hashes = new SegmentHashes(Buffer.from(header.salt, 'base64url'));
  }

  /** @throws Tampered when the content of a segment (counted from 0) is not the committed one. */
  verifySegment(segment: number, content: Uint8Array): void {
    const expected = this.leaves.subarray(segment * LEAF_BYTES, (segment + 1) * LEAF_BYTES);
    if (expected.length !== LEAF_BYTES || !timingSafeEqual(expected, this.hashes.of(segment + 1, content))) {
      throw new Tampered(`segment ${segment}`);
    }
  }

  /**
   * Checks a header (as parsed JSON) and leaves against the anchor, before any content is asked for.
   * @throws Tampered when the header is malformed, is another version's, or the root differs.
   */
  static async verify(header: unknown, leaves: Uint8Array, anchor: Anchor & { network: string }) {
    const parsed = RecordHeader.safeParse(header);
    if (!parsed.success) throw new Tampered('header', { cause: parsed.error });
    const { data } = parsed;
    const named = (['network', 'patient', 'record', 'version'] as const).every(
      (it) => data[it] === anchor[it],
    );
    if (!named) throw new Tampered('header');
    if (leaves.length !== segmentCount(data.length) * LEAF_BYTES) throw new Tampered('leaves');
    const root = await commitmentOf(Buffer.from(canonicalJson(data)), leaves);
    if (root !== anchor.commitment) throw new Tampered('commitment');
    return new VerifiedVersion(data, leaves, root);
  }
}
