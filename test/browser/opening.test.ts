import type { SealedPart, WebKeys } from '@chartkey/client';
import type { Vault } from '../../gateway/src/vault/index.ts';
import { release } from '../unit/client/sealed-record.ts';
import { plaintext, temporaryFolder, vaultIn } from '../unit/vault/sample.ts';
import { ReadingPage, sha256 } from './reading-page.ts';

declare global {
  var unread: ReadableStreamDefaultReader<Uint8Array>;
}

const root = temporaryFolder();
let reading: ReadingPage;
let vault: Vault;

beforeAll(async () => {
  vault = await vaultIn(root);
  reading = await ReadingPage.start();
});
afterAll(() => reading?.stop());

test('the keys that a browser makes cannot leave it', async () => {
  const taken = await reading.page.run(async () => {
    const pairs = [globalThis.keys.pairs.sig, globalThis.keys.pairs.enc];
    const tries = pairs.map(({ privateKey }) => crypto.subtle.exportKey('jwk', privateKey));
    return (await Promise.allSettled(tries)).map(({ status }) => status);
  });
  expect(taken).toEqual(['rejected', 'rejected']);
});

test.each([0, 1, 65_480, 65_481, 131_001, 5 * 2 ** 20])(
  '%d bytes that a gateway sealed open byte for byte in a browser',
  async (length) => {
    const content = plaintext(length);
    const made = await release(vault, content, reading.enc);
    const about = {
      access: made.answer.access,
      version: 1,
      mediaType: 'application/dicom',
      length,
      digest: sha256(content),
    };
    expect(await reading.opened(reading.askFor(made))).toEqual({ about, length, sha256: sha256(content) });
  },
);

test.each([
  [0, 0, ['0-65535']],
  [65_479, 65_480, ['0-131071']],
  [70_000, 140_000, ['0-39', '65536-196607']],
  [299_999, 299_999, ['0-39', '262144-300119']],
])('bytes %d to %d open in a browser from just the sealed bytes they need', async (first, last, needed) => {
  const content = plaintext(300_000);
  const made = await release(vault, content, reading.enc);
  reading.asked = [];
  const read = await reading.opened({ ...reading.askFor(made), range: { first, last } });
  expect(read.failure).toBeUndefined();
  expect(read.about).toMatchObject({ part: { first, last }, length: 300_000 });
  expect(read.sha256).toBe(sha256(content.subarray(first, last + 1)));
  expect(reading.asked).toEqual(needed);
});

test('a reader who leaves ends the request', async () => {
  const made = await release(vault, Buffer.alloc(2 ** 26), reading.enc);
  reading.left = 0;
  const first = await reading.page.run(async (sdk, { path, ...what }) => {
    const fetchSealed = ({ first, last }: SealedPart) =>
      fetch(path, { headers: { Range: `bytes=${first}-${last}` } });
    const { body } = await sdk.openSealed({ ...what, keys: globalThis.keys, fetchSealed });
    globalThis.unread = body.getReader();
    return (await globalThis.unread.read()).value?.length;
  }, reading.askFor(made));
  expect(first).toBe(65_480);
  expect(reading.left).toBe(0);
  await reading.page.run(() => globalThis.unread.cancel());
  while (reading.left === 0) await new Promise((next) => setTimeout(next, 10));
});

test('keys that were put into IndexedDB open a record after the page was loaded anew', async () => {
  const content = plaintext(100_000);
  const made = await release(vault, content, reading.enc);
  await reading.page.run(
    () =>
      new Promise<void>((done, failed) => {
        const opening = indexedDB.open('wallet', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
          const writing = opening.result.transaction('keys', 'readwrite');
          writing.objectStore('keys').put(globalThis.keys.pairs, 'mine');
          writing.oncomplete = () => done();
          writing.onerror = () => failed(writing.error);
        };
      }),
  );
  await reading.page.reload();
  expect(await reading.page.run(() => typeof globalThis.keys)).toBe('undefined');
  await reading.page.run(async (sdk) => {
    const pairs = await new Promise<WebKeys['pairs']>((done, failed) => {
      const opening = indexedDB.open('wallet', 1);
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        const kept = opening.result.transaction('keys').objectStore('keys').get('mine');
        kept.onsuccess = () => done(kept.result);
        kept.onerror = () => failed(kept.error);
      };
    });
    globalThis.keys = await sdk.keysFrom(pairs);
  });
  const read = await reading.opened(reading.askFor(made));
  expect(read.failure).toBeUndefined();
  expect(read.sha256).toBe(sha256(content));
});
