import { createHash, randomBytes } from 'node:crypto';
import { ContentDigest, hashingThread } from '../../../gateway/src/vault/content-digest.ts';
import { anchorOf, chunked, facts, filesIn, readBack, temporaryFolder, vaultIn } from './sample.ts';

const MIB = 2 ** 20;
const root = temporaryFolder();
const content = randomBytes(8 * MIB);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function digestOf(bytes: Uint8Array, size: number): Promise<string> {
  const digest = new ContentDigest();
  try {
    for (const chunk of chunked(bytes, [size])) await digest.update(chunk);
    return (await digest.digest()).toString('hex');
  } finally {
    digest.leave();
  }
}

test('is the SHA-256 of any length, made here or on the thread', async () => {
  const first = 65_536 + 4 * 262_144;
  for (const length of [0, 1, 65_536, 65_537, first - 1, first, first + 1, 2 * MIB, 3 * MIB]) {
    const bytes = content.subarray(0, length);
    expect(await digestOf(bytes, 65_520)).toBe(sha256(bytes));
  }
});

test('of many at once never mix', async () => {
  const contents = Array.from({ length: 12 }, (_, at) => content.subarray(at, 2 * MIB + at * 100_000));
  const found = await Promise.all(contents.map((bytes, at) => digestOf(bytes, 10_000 + at * 9_000)));
  expect(found).toEqual(contents.map(sha256));
});

test.each([
  ['in the middle', 5 * MIB],
  ['when all has come', 8 * MIB],
])('a thread that goes %s fails the upload, which leaves nothing; the next has a new one', async (_, at) => {
  const own = `${root}/gone-at-${at}`;
  const vault = await vaultIn(own);
  async function* spoilt() {
    yield content.subarray(0, at);
    await hashingThread().terminate();
    yield content.subarray(at);
  }
  await expect(vault.sealRecord(spoilt(), facts)).rejects.toThrow('the hashing thread has gone');
  expect(filesIn(`${own}/vault`)).toEqual([]);
  const whole = await vault.sealRecord([content], facts);
  expect((await readBack(vault, anchorOf(whole))).equals(content)).toBe(true);
});

test('a large upload that is cut off leaves nothing behind and hands its error on', async () => {
  const own = `${root}/cut-off`;
  const vault = await vaultIn(own);
  async function* cutOff() {
    yield content;
    throw new Error('the client went away');
  }
  await expect(vault.sealRecord(cutOff(), facts)).rejects.toThrow('the client went away');
  expect(filesIn(`${own}/vault`)).toEqual([]);
});
