import {
  type ByteRange,
  canonicalJson,
  PROLOGUE_BYTES,
  segmentCount,
  segmentLength,
  segmentStart,
  segmentsOf,
  TAG_BYTES,
  utf8Bytes,
} from '@chartkey/vocabulary';
import { Tampered } from '../problems.ts';
import { ExactReader } from './exact-reader.ts';
import { type OpenSegment, segmentOpener } from './segment-cipher.ts';
import type { VerifiedVersion } from './verified-version.ts';

/** What it takes to open a range of a sealed stream. */
export interface Opening {
  access: string;
  dataKey: CryptoKey;
  version: VerifiedVersion;
  /** bytes of content wanted; all of them when absent */
  range: ByteRange | undefined;
  /** bytes 0 to 39 of the sealed stream, when the range does not begin in segment 0 */
  prologue: Uint8Array | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Opens the bytes that `sealedRangeOf` names, a segment each time the reader wants more. Each segment's tag
 * and leaf are checked before one byte of it goes on; what comes after the last one is not accepted.
 * The stream errors with Tampered, with Interrupted when cut off, or with the signal's reason.
 */
export function contentStream(
  sealed: ReadableStream<Uint8Array>,
  opening: Opening,
): ReadableStream<Uint8Array> {
  const reader = new ExactReader(sealed, opening);
  const contents = opened(reader, opening);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await contents.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          void reader.cancel(error);
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function* opened(reader: ExactReader, opening: Opening): AsyncGenerator<Uint8Array, void> {
  const { access, version, range } = opening;
  const { length } = version.header;
  const { first, last } = segmentsOf(length, range);
  const open = await cipherOf(opening, opening.prologue ?? (await reader.take(PROLOGUE_BYTES)));
  const final = segmentCount(length) - 1;
  for (let segment = first; segment <= last; segment += 1) {
    const sealed = await reader.take(segmentLength(length, segment) + TAG_BYTES);
    const content = await open(segment, segment === final, sealed);
    if (!content || !(await version.isCommitted(segment, content))) {
      throw new Tampered(access, `segment ${segment}`);
    }
    if (segment === last && !(await reader.atEnd())) throw new Tampered(access, 'length');
    const part = within(content, segmentStart(segment), range);
    if (part.length > 0) yield part;
  }
}

async function cipherOf({ access, dataKey, version }: Opening, prologue: Uint8Array): Promise<OpenSegment> {
  const { network, record, version: number } = version.header;
  const associatedData = utf8Bytes(canonicalJson({ network, record, version: number }));
  const open = await segmentOpener(dataKey, prologue, associatedData);
  if (!open) throw new Tampered(access, 'prologue');
  return open;
}

function within(content: Uint8Array, start: number, range: ByteRange | undefined): Uint8Array {
  return range ? content.subarray(Math.max(0, range.start - start), range.end + 1 - start) : content;
}
