import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  Interrupted,
  makeKeys,
  openSealed,
  type SealedPart,
  UnexpectedAnswer,
  type WebKeys,
} from '@chartkey/client';
import { sealedRangeOf } from '@chartkey/vocabulary';
import fc from 'fast-check';
import type { Vault } from '../../../gateway/src/vault/index.ts';
import { plaintext, runs, soak, temporaryFolder, vaultIn } from '../vault/sample.ts';
import { bytesIn, drained, handOver, open, type Released, release, SealedParts } from './sealed-record.ts';

const root = temporaryFolder();
const edges = [0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001];
const lengths = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 300_000 }));
const content = plaintext(300_000);
let vault: Vault;
let keys: WebKeys;
let made: Released;

beforeAll(async () => {
  vault = await vaultIn(root);
  keys = await makeKeys();
  made = await release(vault, content, keys.enc);
});

test.each([...edges, 5 * 2 ** 20])('%d bytes that a gateway sealed open byte for byte', async (length) => {
  const bytes = plaintext(length);
  const sealed = await release(vault, bytes, keys.enc);
  const read = await open(sealed, keys);
  const { body, ...about } = read;
  expect(about).toEqual({
    access: sealed.answer.access,
    version: 1,
    mediaType: 'application/dicom',
    length,
    digest: createHash('sha256').update(bytes).digest('base64'),
  });
  expect((await bytesIn(read)).equals(bytes)).toBe(true);
});

test('content of any length, in any chunking, opens byte for byte', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 5 });
  const property = fc.asyncProperty(lengths, sizes, async (length, pattern) => {
    const bytes = plaintext(length);
    const sealed = await release(vault, bytes, keys.enc);
    const parts = new SealedParts(sealed.sealed, [...pattern, 70_001]);
    expect((await bytesIn(await open(sealed, keys, { parts }))).equals(bytes)).toBe(true);
  });
  await fc.assert(property, runs(1000, 15));
});

test('any range equals the slice, from just the sealed bytes it needs', async () => {
  const property = fc.asyncProperty(lengths, lengths, async (a, b) => {
    const [first, last] = [Math.min(a, b, 299_999), Math.min(Math.max(a, b), 299_999)];
    const parts = new SealedParts(made.sealed);
    const read = await open(made, keys, { parts, range: { first, last } });
    expect(read).toMatchObject({ part: { first, last }, length: content.length });
    expect((await bytesIn(read)).equals(content.subarray(first, last + 1))).toBe(true);
    const needed = sealedRangeOf(content.length, { start: first, end: last });
    const asked = `${needed.start}-${needed.end}`;
    expect(parts.asked).toEqual(needed.start > 0 ? ['0-39', asked] : [asked]);
  });
  await fc.assert(property, runs(2000, 30));
});

test.each([
  ['without an end goes to the end', { first: 299_990 }],
  ['beyond the end stops at the end', { first: 299_990, last: 400_000 }],
])('a range %s', async (_name, range) => {
  const read = await open(made, keys, { range });
  expect(read.part).toEqual({ first: 299_990, last: 299_999 });
  expect((await bytesIn(read)).equals(content.subarray(299_990))).toBe(true);
});

test.each([{ first: 300_000 }, { first: -1, last: 3 }, { first: 5, last: 4 }, { first: 0.5, last: 4 }])(
  'a range outside the content (%j) is refused before anything is asked for',
  async (range) => {
    const parts = new SealedParts(made.sealed);
    await expect(open(made, keys, { parts, range })).rejects.toThrow(RangeError);
    expect(parts.asked).toEqual([]);
  },
);

test('one release serves several ranges, side by side', async () => {
  const ranges = [0, 70_000, 140_000, 210_000].map((first) => ({ first, last: first + 69_999 }));
  const reads = await Promise.all(ranges.map((range) => open(made, keys, { range })));
  const parts = await Promise.all(reads.map(bytesIn));
  expect(Buffer.concat(parts).equals(content.subarray(0, 280_000))).toBe(true);
});

test('no more than one segment is taken ahead of the reader, and leaving gives the rest up', async () => {
  const parts = new SealedParts(made.sealed, [1000]);
  const { body } = await open(made, keys, { parts });
  expect(parts.taken).toBe(0);
  const reader = body.getReader();
  expect((await reader.read()).value).toHaveLength(65_480);
  expect(parts.taken).toBeLessThan(65_536 + 1000);
  expect((await reader.read()).value).toHaveLength(65_520);
  expect(parts.taken).toBeLessThan(2 * 65_536 + 1000);
  await reader.cancel();
  expect(parts.left).toBe(1);
});

test('a signal stops the reading with its own reason', async () => {
  const stop = new AbortController();
  const parts = new SealedParts(made.sealed);
  const { body } = await open(made, keys, { parts, signal: stop.signal });
  const reader = body.getReader();
  await reader.read();
  stop.abort(new Error('the patient closed the window'));
  await expect(reader.read()).rejects.toThrow('the patient closed the window');
  expect(parts.left).toBe(1);
});

test('sealed bytes that break off end in Interrupted', async () => {
  let chunks = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks += 1;
      if (chunks > 3) controller.error(new Error('connection lost'));
      else controller.enqueue(made.sealed.subarray((chunks - 1) * 40_000, chunks * 40_000));
    },
  });
  const read = await open(made, keys, { fetchSealed: async () => new Response(broken) });
  const { arrived, failure } = await drained(read);
  expect(failure).toBeInstanceOf(Interrupted);
  expect(arrived.equals(content.subarray(0, 65_480))).toBe(true);
});

test('what the asking throws is handed on', async () => {
  const fetchSealed = () => Promise.reject(new Error('the session has ended'));
  await expect(open(made, keys, { fetchSealed })).rejects.toThrow('the session has ended');
});

test.each([
  ['another part', 206, 'bytes 0-9/300120'],
  ['a part of another whole', 206, 'bytes 65536-131071/9'],
  ['a part that is not named', 206, ''],
  ['the whole, where a part was asked for', 200, ''],
  ['no content', 204, ''],
])('an answer with %s is unexpected', async (_name, status, range) => {
  let answers = 0;
  const fetchSealed = async ({ first, last }: SealedPart) => {
    answers += 1;
    const honest = {
      status: 206,
      headers: { 'Content-Range': `bytes ${first}-${last}/${made.sealed.length}` },
    };
    const body = new Uint8Array(made.sealed.subarray(first, last + 1));
    if (answers === 1) return new Response(body, honest);
    return new Response(status === 204 ? null : body, {
      status,
      headers: range ? { 'Content-Range': range } : {},
    });
  };
  const reading = { answer: made.answer, anchor: made.anchor, keys, fetchSealed };
  await expect(openSealed({ ...reading, range: { first: 70_000, last: 70_001 } })).rejects.toThrow(
    UnexpectedAnswer,
  );
  expect(answers).toBe(2);
});

test('memory does not grow with the content', async () => {
  const bytes = soak ? 2 ** 30 : 2 ** 27;
  function* segments() {
    for (let at = 0; at < bytes; at += 65_536) yield content.subarray(0, 65_536);
  }
  const { answer, anchor, opened } = await handOver(vault, segments(), keys.enc);
  const stored = Readable.toWeb(await vault.sealedRange(opened)) as ReadableStream<Uint8Array>;
  const { body } = await openSealed({ answer, anchor, keys, fetchSealed: async () => new Response(stored) });
  let [most, before, seen] = [0, 0, 0];
  for await (const chunk of body) {
    if (seen < 2 ** 25) before = process.memoryUsage().rss;
    most = Math.max(most, process.memoryUsage().rss);
    seen += chunk.length;
  }
  expect(seen).toBe(bytes);
  expect(most - before).toBeLessThan(64 * 2 ** 20);
});
