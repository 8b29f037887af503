import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { openSealed, prologueRange, sealedRangeOf } from '../../../gateway/src/vault/index.ts';
import {
  anchorOf,
  chunked,
  facts,
  filesIn,
  gather,
  payloadFolder,
  plaintext,
  readBack,
  runs,
  soak,
  temporaryFolder,
  vaultIn,
} from './sample.ts';

const root = temporaryFolder();
const empty = temporaryFolder();
const edges = [0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001];
const lengths = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 300_000 }));
const share = runs(2000, 40);

test('content of any length in any chunking is read back byte for byte', async () => {
  const vault = await vaultIn(root);
  const sizes = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(lengths, sizes, async (length, pattern) => {
      const content = plaintext(length);
      const sealed = await vault.sealRecord(chunked(content, [...pattern, 70_001]), facts);
      expect(sealed.header.length).toBe(length);
      expect((await readBack(vault, anchorOf(sealed))).equals(content)).toBe(true);
      await vault.discard(sealed);
    }),
    share,
  );
});

test('content that comes byte by byte is read back', async () => {
  const vault = await vaultIn(root);
  const content = plaintext(70_000);
  const sealed = await vault.sealRecord(chunked(content, [1]), facts);
  expect((await readBack(vault, anchorOf(sealed))).equals(content)).toBe(true);
});

describe('any range of a content', () => {
  const content = plaintext(300_000);
  const ranges = fc.tuple(lengths, lengths).map(([a, b]) => {
    const [start, end] = [Math.min(a, b, 299_999), Math.min(Math.max(a, b), 299_999)];
    return { start, end };
  });

  test('equals the slice, read from the store', async () => {
    const vault = await vaultIn(root);
    const anchor = anchorOf(await vault.sealRecord([content], facts));
    const property = fc.asyncProperty(ranges, async (range) => {
      const read = await readBack(vault, anchor, range);
      expect(read.equals(content.subarray(range.start, range.end + 1))).toBe(true);
    });
    await fc.assert(property, share);
  });

  test('equals the slice, opened from a stream of just the sealed bytes it needs', async () => {
    const vault = await vaultIn(root);
    const opened = await vault.openVersion(anchorOf(await vault.sealRecord([content], facts)));
    const sealed = await gather(await vault.sealedRange(opened));
    const prologue = sealed.subarray(0, prologueRange.end + 1);
    const property = fc.asyncProperty(ranges, fc.integer({ min: 1, max: 90_000 }), async (range, size) => {
      const needed = sealedRangeOf(content.length, range);
      const stream = chunked(sealed.subarray(needed.start, needed.end + 1), [size]);
      const read = await gather(openSealed(stream, { ...opened, range, prologue }));
      expect(read.equals(content.subarray(range.start, range.end + 1))).toBe(true);
    });
    await fc.assert(property, share);
  });

  test('that does not lie within the content is refused', async () => {
    const vault = await vaultIn(root);
    const opened = await vault.openVersion(anchorOf(await vault.sealRecord([plaintext(10)], facts)));
    for (const range of [
      { start: 0, end: 10 },
      { start: -1, end: 3 },
      { start: 5, end: 4 },
      { start: 0.5, end: 4 },
    ]) {
      await expect(gather(vault.content(opened, range))).rejects.toThrow(RangeError);
    }
  });
});

test('a reader who stops early closes the file', async () => {
  const vault = await vaultIn(root);
  const opened = await vault.openVersion(anchorOf(await vault.sealRecord([plaintext(1_000_000)], facts)));
  const stream = await vault.sealedRange(opened);
  for await (const part of openSealed(stream, opened)) {
    expect(part.length).toBe(65_480);
    break;
  }
  await finished(stream).catch(() => undefined);
  expect(stream.destroyed).toBe(true);
});

test('an upload that is cut off leaves nothing behind and hands its error on', async () => {
  const vault = await vaultIn(empty);
  async function* cutOff() {
    yield plaintext(200_000);
    throw new Error('the client went away');
  }
  await expect(vault.sealRecord(cutOff(), facts)).rejects.toThrow('the client went away');
  expect(filesIn(payloadFolder(empty))).toEqual([]);
});

test('content that comes as text is refused', async () => {
  const vault = await vaultIn(root);
  const text = ['text'] as unknown as Uint8Array[];
  await expect(vault.sealRecord(text, facts)).rejects.toThrow(TypeError);
});

test('memory does not grow with the content', async () => {
  const bytes = soak ? 2 ** 30 : 2 ** 26;
  const vault = await vaultIn(root);
  const chunk = plaintext(65_536);
  let [most, before] = [0, 0];
  async function* watched() {
    for (let at = 0; at < bytes; at += chunk.length) {
      if (at === 2 ** 25) before = process.memoryUsage().rss;
      most = Math.max(most, process.memoryUsage().rss);
      yield chunk;
    }
  }
  const sealed = await vault.sealRecord(watched(), facts);
  let read = 0;
  for await (const part of vault.content(await vault.openVersion(anchorOf(sealed)))) {
    read += part.length;
    most = Math.max(most, process.memoryUsage().rss);
  }
  expect(read).toBe(bytes);
  expect(most - before).toBeLessThan(64 * 2 ** 20);
  await vault.discard(sealed);
});
