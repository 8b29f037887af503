import {
  type ByteRange,
  decodeBase64url,
  PROLOGUE_BYTES,
  prologueRange,
  type SealedRelease,
  sealedLength,
  sealedRangeOf,
} from '@chartkey/vocabulary';
import type { RecordContent } from '../content.ts';
import { Tampered, UnexpectedAnswer } from '../problems.ts';
import { contentStream } from './content-stream.ts';
import { type OpeningKeys, unwrapDataKey } from './data-key.ts';
import { ExactReader } from './exact-reader.ts';
import { openHeader } from './sealed-header.ts';
import { type Anchor, verifyVersion } from './verified-version.ts';

/** Bytes of a sealed stream, both ends included. */
export interface SealedPart {
  first: number;
  last: number;
}

/** What it takes to read a record end to end. */
export interface SealedReading {
  /** the release as it came: nothing in it is believed */
  answer: SealedRelease;
  /** the reader's: the data key was wrapped for `enc` */
  keys: OpeningKeys;
  /** what the ledger says of the version: what everything is checked against */
  anchor: Anchor;
  /**
   * Asks for a part of the sealed stream: a 206 with its Content-Range, or a 200 when the part is the
   * whole. Called once, and before that for the prologue when the range does not begin in segment 0.
   * What it throws is handed on.
   */
  fetchSealed(part: SealedPart): Promise<Response>;
  /** bytes of the content, both ends included; to the end without `last` or where `last` lies beyond it */
  range?: { first: number; last?: number } | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a record that no gateway on the way can open: unwraps its key, opens the header, checks it and
 * the leaves against the anchor, then asks for the sealed bytes and opens them as `body` is read.
 * @returns `body` errors with `Tampered`, or with `Interrupted` when cut off, before it passes on a wrong byte
 * @throws WrongKey, Tampered, UnexpectedAnswer, Interrupted; RangeError when the content has no such bytes
 */
export async function openSealed(reading: SealedReading): Promise<RecordContent> {
  const { answer, keys, anchor, signal } = reading;
  const { access } = answer;
  const { record, version: number } = anchor;
  const dataKey = await unwrapDataKey(answer.key, keys, { access, record, version: number });
  const header = await openHeader(answer, dataKey, anchor);
  const version = await verifyVersion({ access, header, leaves: answer.leaves }, anchor);
  const { length, mediaType, sha256 } = version.header;
  const range = reading.range && rangeWithin(length, reading.range);
  const needed = sealedRangeOf(length, range);
  const prologue = needed.start > 0 ? await prologueFrom(reading, length) : undefined;
  const sealed = await fetched(reading, needed, length);
  return {
    access,
    version: number,
    mediaType,
    length,
    digest: btoa(String.fromCharCode(...decodeBase64url(sha256))),
    ...(range && { part: { first: range.start, last: range.end } }),
    body: contentStream(sealed, { access, dataKey, version, range, prologue, signal }),
  };
}

function rangeWithin(length: number, { first, last }: { first: number; last?: number }): ByteRange {
  return { start: first, end: Math.min(last ?? length - 1, length - 1) };
}

async function fetched(
  { fetchSealed }: SealedReading,
  { start: first, end: last }: ByteRange,
  length: number,
): Promise<ReadableStream<Uint8Array>> {
  const whole = sealedLength(length);
  const answer = await fetchSealed({ first, last });
  const served = answer.headers.get('Content-Range') === `bytes ${first}-${last}/${whole}`;
  const fits = answer.status === 206 ? served : answer.status === 200 && first === 0 && last === whole - 1;
  if (fits && answer.body) return answer.body;
  await answer.body?.cancel().catch(() => undefined);
  throw new UnexpectedAnswer(answer.url, `sealed bytes ${first}-${last} of ${whole} were asked for`);
}

async function prologueFrom(reading: SealedReading, length: number): Promise<Uint8Array> {
  const { signal } = reading;
  const { access } = reading.answer;
  const reader = new ExactReader(await fetched(reading, prologueRange, length), { access, signal });
  try {
    const prologue = await reader.take(PROLOGUE_BYTES);
    if (!(await reader.atEnd())) throw new Tampered(access, 'prologue');
    return prologue;
  } finally {
    await reader.cancel();
  }
}
