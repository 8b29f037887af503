import { sha256 } from '@noble/hashes/sha2.js';
import { DigestMismatch, Interrupted, UnexpectedAnswer } from './problems.ts';

/** A record's content as it arrives. Nothing has been read from `body` yet. */
export interface RecordContent {
  /** the ledger's entry of this look */
  access: string;
  version: number;
  mediaType: string;
  /** bytes of the whole content */
  length: number;
  /** SHA-256 of the whole content, standard base64 (RFC 9530 Repr-Digest) */
  digest: string;
  /** both ends included; absent for the whole, which alone can be checked against the digest */
  part?: { first: number; last: number };
  /** errors with `Interrupted` when cut off, with `DigestMismatch` or `Tampered` when it is not what was stored */
  body: ReadableStream<Uint8Array>;
}

/** What was asked for: the answer must not be about anything else. */
export interface Asked {
  url: string;
  version?: number | undefined;
  range?: { first: number; last?: number } | undefined;
  signal?: AbortSignal | undefined;
}

/** What was released while the ledger was away: it has no access yet, but a number under which it will. */
export interface LateContent extends Omit<RecordContent, 'access' | 'part'> {
  /** of its entry, in the hospital's own count */
  number: number;
}

/** The content in an answer to POST /v1/emergency-releases. @throws UnexpectedAnswer */
export function lateContentOf(answer: Response, asked: Asked): LateContent {
  const [number] = headersOf(answer, asked.url)('Late-Entry', /^[1-9][0-9]{0,6}$/);
  const { part: _whole, access: _none, ...content } = contentIn(answer, asked, `late entry ${number}`);
  return { ...content, number: Number(number) };
}

/** The content in an answer to GET /v1/records/{id}/content. @throws UnexpectedAnswer */
export function contentOf(answer: Response, asked: Asked): RecordContent {
  return contentIn(answer, asked, headersOf(answer, asked.url)('Access-Id', /^\S+$/)[0]);
}

const headersOf =
  (answer: Response, url: string) =>
  (name: string, form: RegExp): RegExpExecArray => {
    const found = form.exec(answer.headers.get(name) ?? '');
    if (!found) throw new UnexpectedAnswer(url, `${name} is missing or malformed`);
    return found;
  };

function contentIn(answer: Response, asked: Asked, access: string): RecordContent {
  const { url, signal } = asked;
  const header = headersOf(answer, url);
  const version = Number(header('ETag', /^"([1-9][0-9]{0,6})"$/)[1]);
  const digest = header('Repr-Digest', /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/)[1] ?? '';
  const mediaType = header('Content-Type', /^.+$/)[0];
  const sent = Number(header('Content-Length', /^[0-9]{1,15}$/)[0]);
  if (asked.version !== undefined && asked.version !== version) {
    throw new UnexpectedAnswer(url, `version ${asked.version} was asked for, ${version} came`);
  }
  const about = { access, version, mediaType, digest };
  // A body that is null has no bytes: an empty record.
  const body = answer.body ?? new ReadableStream<Uint8Array>({ start: (empty) => empty.close() });
  const check = (whole?: string) => checked(body, { access, length: sent, digest: whole, signal });
  if (answer.status !== 206) {
    return { ...about, length: sent, body: check(digest) };
  }
  const [, first, last, length] = header(
    'Content-Range',
    /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/,
  );
  const part = { first: Number(first), last: Number(last) };
  if (!asked.range) throw new UnexpectedAnswer(url, 'no part was asked for, one came');
  const end = Math.min(asked.range.last ?? Number.POSITIVE_INFINITY, Number(length) - 1);
  if (part.first !== asked.range.first || part.last !== end) {
    throw new UnexpectedAnswer(url, 'another part than the one asked for came');
  }
  if (part.last - part.first + 1 !== sent) {
    throw new UnexpectedAnswer(url, 'Content-Range and Content-Length disagree');
  }
  return { ...about, length: Number(length), part, body: check() };
}

interface Expected {
  access: string;
  length: number;
  /** absent for a part */
  digest: string | undefined;
  signal: AbortSignal | undefined;
}

/**
 * The same bytes, counted and hashed as they pass. The last chunk is held back until the end is known to
 * be right, so a reader never gets a whole content that is wrong.
 */
function checked(
  body: ReadableStream<Uint8Array>,
  { access, length, digest, signal }: Expected,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const hash = sha256.create();
  let seen = 0;
  let held: Uint8Array | undefined;
  const next = async () => {
    try {
      return await reader.read();
    } catch (cause) {
      signal?.throwIfAborted();
      throw cutOff(access, cause);
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await next();
          if (done) break;
          const before = held;
          held = value;
          seen += value.length;
          if (digest !== undefined) hash.update(value);
          if (before) return controller.enqueue(before);
        }
        if (seen !== length) throw cutOff(access);
        if (digest !== undefined && base64(hash.digest()) !== digest) throw new DigestMismatch(access);
        if (held) controller.enqueue(held);
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const cutOff = (access: string, cause?: unknown) => new Interrupted(`the content of access ${access}`, cause);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
