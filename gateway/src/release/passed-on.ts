import type { ByteRange, SealedBytes } from '../gateway.ts';
import type { StreamedAnswer } from './outgoing.ts';

/** A byte range as a Range header says it (RFC 9110 section 14.1.2). */
export function rangeText(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.first}-${range.last ?? ''}`;
}

/** Which part an answer says it is; undefined when it is none. Whether it is what was asked, its reader checks. */
export function partIn({
  status,
  headers,
}: Pick<StreamedAnswer, 'status' | 'headers'>): Omit<SealedBytes, 'body'> | undefined {
  const bytes = Number(/^[0-9]{1,15}$/.exec(headers['content-length'] ?? '')?.[0]);
  if (status === 200 && bytes > 0) return { first: 0, last: bytes - 1, length: bytes };
  const range = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/.exec(headers['content-range'] ?? '');
  if (status !== 206 || !range) return undefined;
  const [first, last, length] = range.slice(1).map(Number) as [number, number, number];
  const isPart = first <= last && last < length && bytes === last - first + 1;
  return isPart ? { first, last, length } : undefined;
}

/** Bytes of the whole that a range lies beyond. */
export function lengthBeyond({ status, headers }: Pick<StreamedAnswer, 'status' | 'headers'>) {
  const beyond = /^bytes \*\/([0-9]{1,15})$/.exec(headers['content-range'] ?? '');
  return status === 416 && beyond ? Number(beyond[1]) : undefined;
}
