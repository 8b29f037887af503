/**
 * Where bytes lie in a sealed stream (Tink's AES-GCM-HKDF streaming AEAD, ciphertext segment 65,536):
 * a 40-byte prologue, then segments of ciphertext and tag. Segment i ends at (i + 1) * 65,536, since the
 * first one is shortened by the prologue. Segments count from 0 here, leaves of a commitment from 1.
 */
export const PROLOGUE_BYTES = 40;
export const TAG_BYTES = 16;
export const SEALED_SEGMENT_BYTES = 65_536;
export const SEGMENT_BYTES = SEALED_SEGMENT_BYTES - TAG_BYTES;
export const FIRST_SEGMENT_BYTES = SEGMENT_BYTES - PROLOGUE_BYTES;

/** First and last byte, both included, counted from 0, as in HTTP's Range and S3. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Segments of a content of `length` bytes; empty content is one empty segment. */
export function segmentCount(length: number): number {
  return length <= FIRST_SEGMENT_BYTES ? 1 : 1 + Math.ceil((length - FIRST_SEGMENT_BYTES) / SEGMENT_BYTES);
}

/** Position in the content of the segment's first byte. */
export function segmentStart(segment: number): number {
  return segment === 0 ? 0 : FIRST_SEGMENT_BYTES + (segment - 1) * SEGMENT_BYTES;
}

/** Bytes of content in this segment of a content of `length` bytes. */
export function segmentLength(length: number, segment: number): number {
  return Math.min(length, segmentStart(segment + 1)) - segmentStart(segment);
}

/** Bytes of the sealed stream of a content of `length` bytes. */
export function sealedLength(length: number): number {
  return PROLOGUE_BYTES + length + segmentCount(length) * TAG_BYTES;
}

/**
 * The first and last segment that hold a range of the content; without a range, all of them.
 * @throws RangeError when the range does not lie within the content.
 */
export function segmentsOf(length: number, range?: ByteRange): { first: number; last: number } {
  if (!range) return { first: 0, last: segmentCount(length) - 1 };
  const { start, end } = range;
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(end) ||
    start < 0 ||
    start > end ||
    end >= length
  ) {
    throw new RangeError(`bytes ${start}-${end} do not lie within a content of ${length} bytes`);
  }
  return { first: segmentAt(start), last: segmentAt(end) };
}

function segmentAt(position: number): number {
  return position < FIRST_SEGMENT_BYTES
    ? 0
    : 1 + Math.floor((position - FIRST_SEGMENT_BYTES) / SEGMENT_BYTES);
}

/**
 * The bytes of the sealed stream that open a range of the content. A range that begins in segment 0
 * includes the prologue; for any other the prologue (bytes 0 to 39) is fetched apart.
 * @throws RangeError when the range does not lie within the content.
 */
export function sealedRangeOf(length: number, range?: ByteRange): ByteRange {
  const { first, last } = segmentsOf(length, range);
  return {
    start: first * SEALED_SEGMENT_BYTES,
    end: Math.min((last + 1) * SEALED_SEGMENT_BYTES, sealedLength(length)) - 1,
  };
}

/** Where the prologue lies: needed first by whoever opens a range that does not begin in segment 0. */
export const prologueRange: ByteRange = { start: 0, end: PROLOGUE_BYTES - 1 };
