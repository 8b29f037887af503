import { Purpose, VersionNumber } from '@chartkey/vocabulary';
import * as z from 'zod';

/** Headers that must not stand twice in a request; Node keeps the first of some and joins others. */
export const singletons = [
  'authorization',
  'break-glass',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'if-match',
  'last-event-id',
  'purpose-of-use',
  'range',
  'transfer-encoding',
] as const;

/** A client's retry key: 1 to 128 printable ASCII characters. It is HMACed before it goes anywhere. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/)
  .describe('Random, the same when a request is tried again; never leaves the gateway');

const compact = '[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+';
/** What breaks the glass, and what stands behind it. */
export const BreakGlass = z
  .string()
  .regex(new RegExp(`^${compact}(?: *, *${compact})?$`))
  .describe('The openBreakGlass statement, and after a comma the secondBreakGlass one if there is one');

/** Picks one of a session's purposes; it never widens them. */
export const PurposeOfUse = Purpose.describe('Picks one of the purposes of the session');

/** Checked by `parseRange`, which tells what is malformed from what is served whole. */
export const Range = z.string().describe('One byte range (RFC 9110); several ranges are answered whole');

/** One entity tag, or `*`; required, but a repeated upload is recognised first. */
export const IfMatch = z
  .string()
  .regex(/^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*")$/)
  .describe('The ETag of the version to be replaced');

/** The version an If-Match names: undefined without one or for any, 0 for a tag that no version has. */
export function replacedBy(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const digits = /^"([1-9][0-9]{0,6})"$/.exec(ifMatch)?.[1];
  return VersionNumber.catch(0).parse(Number(digits ?? 0));
}
