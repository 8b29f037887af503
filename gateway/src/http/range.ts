import { Failure } from '@chartkey/vocabulary';
import type { ByteRange } from '../gateway.ts';

/**
 * The one byte range a Range header asks for (RFC 9110 section 14). Undefined, which means the whole,
 * without a header, for another unit than bytes, and for several ranges.
 * @throws Failure INVALID_REQUEST for a malformed or backward range.
 */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const [unit, set] = splitOnce(header ?? '', '=');
  if (unit.toLowerCase() !== 'bytes') return undefined;
  const ranges = (set ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseSpec);
  if (ranges.length === 0) throw malformed();
  return ranges.length === 1 ? ranges[0] : undefined;
}

/** `bytes first-last/length`, as Content-Range says which part is served. */
export function contentRange(part: { first: number; last: number }, length: number): string {
  return `bytes ${part.first}-${part.last}/${length}`;
}

function parseSpec(text: string): ByteRange {
  const found = /^([0-9]*)-([0-9]*)$/.exec(text);
  if (!found || text === '-') throw malformed();
  const [first, last] = [found[1] ?? '', found[2] ?? ''];
  if (first === '') return { suffix: position(last) };
  if (last === '') return { first: position(first) };
  if (position(last) < position(first)) throw malformed();
  return { first: position(first), last: position(last) };
}

/** No content is longer than a safe integer, so a greater position means the same. */
const position = (digits: string) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER);

const malformed = () => new Failure('INVALID_REQUEST', { at: 'Range' });

function splitOnce(text: string, at: string): [string, string | undefined] {
  const split = text.indexOf(at);
  return split < 0 ? [text, undefined] : [text.slice(0, split), text.slice(split + at.length)];
}
