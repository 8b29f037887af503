import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AlreadyInVault,
  NotInVault,
  openVault,
  type Store,
  Tampered,
} from '../../gateway/src/vault/index.ts';
import { bucketStore, madeBucket } from '../support/buckets.ts';
import { freePort } from '../support/ledger.ts';
import { type ServerProxy, startProxy } from '../support/proxy.ts';
import { type S3Server, s3Client, startS3Server } from '../support/s3-server.ts';
import {
  anchorOf,
  facts,
  filesIn,
  gather,
  keysIn,
  plaintext,
  readBack,
  temporaryFolder,
} from '../unit/vault/sample.ts';

const MIB = 2 ** 20;
const root = temporaryFolder();
const unavailable = expect.objectContaining({ name: 'Failure', code: 'VAULT_UNAVAILABLE' });
/** More than two of the parts that an upload is sent in. */
const large = plaintext(20 * MIB + 5);

let server: S3Server;
let proxy: ServerProxy;
let bucket: string;
let store: Store;
let behindProxy: Store;
let troubles: string[];
beforeAll(async () => {
  const credentials = { accessKeyId: 'first', secretAccessKey: randomUUID() };
  server = await startS3Server(root, { port: await freePort(), credentials });
  proxy = await startProxy(server.endpoint);
});
afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
});
beforeEach(async () => {
  troubles = [];
  bucket = await madeBucket(server, `b${randomBytes(8).toString('hex')}`);
  store = bucketStore(server, bucket, troubles);
  behindProxy = bucketStore({ ...server, endpoint: proxy.endpoint }, bucket, troubles);
});
const folder = () => join(server.buckets, bucket);
const whole = async (name: string) => gather(await store.get(name));
const unfinished = async () =>
  (await s3Client(server).listMultipartUploads({ Bucket: bucket })).Uploads?.length ?? 0;
async function namesOf(prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

describe('an object', () => {
  test('of several parts comes back whole and in ranges across their borders', async () => {
    await store.put('ab/large', [large]);
    expect((await whole('ab/large')).equals(large)).toBe(true);
    for (const start of [0, 8 * MIB - 3, 16 * MIB, 20 * MIB]) {
      const range = { start, end: start + 9 };
      expect(
        (await gather(await store.get('ab/large', range))).equals(large.subarray(start, start + 10)),
      ).toBe(true);
    }
    expect(await unfinished()).toBe(0);
  });

  test.each([0, 1, 65_536, 65_537, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB])(
    'of %i bytes comes back whole',
    async (length) => {
      const bytes = plaintext(length);
      await store.put('object', [bytes.subarray(0, 100), bytes.subarray(100)]);
      expect((await whole('object')).equals(bytes)).toBe(true);
    },
  );

  test('beyond whose end a range lies gives what there is', async () => {
    await store.put('object', [plaintext(10)]);
    expect(await gather(await store.get('object', { start: 8, end: 100 }))).toEqual(
      plaintext(10).subarray(8),
    );
    expect(await gather(await store.get('object', { start: 10, end: 100 }))).toEqual(Buffer.alloc(0));
  });

  test('that is not there is missed, and its deletion is no error', async () => {
    await expect(store.get('object')).rejects.toThrow(NotInVault);
    await expect(store.read('object', 10)).rejects.toThrow(NotInVault);
    await store.delete('object');
    expect(await store.exists('object')).toBe(false);
    await store.put('object.longer', []);
    expect(await store.exists('object')).toBe(false);
    expect(troubles).toEqual([]);
  });

  test('larger than expected is refused before it is in memory', async () => {
    await store.put('object', [large]);
    await expect(store.read('object', 1000)).rejects.toThrow(Tampered);
  });

  test('is listed also when there are more than one answer names', async () => {
    await store.put('unsettled/first', []);
    for (let at = 0; at < 2100; at += 1) writeFileSync(join(folder(), 'unsettled', `object.${at}`), '');
    expect(new Set(await namesOf('unsettled/')).size).toBe(2101);
    expect(await namesOf('unsettled/object.2099')).toEqual(['unsettled/object.2099']);
  });
});

describe('a conditional write', () => {
  test.each([10, 9 * MIB])('of %i bytes: of several at one time one wins', async (length) => {
    const contents = [1, 2, 3, 4].map((byte) => Buffer.alloc(length, byte));
    const tried = await Promise.allSettled(
      contents.map((bytes) => store.put('object', [bytes], { ifAbsent: true })),
    );
    const won = tried.flatMap(({ status }, at) => (status === 'fulfilled' ? [contents[at]!] : []));
    expect(won).toHaveLength(1);
    expect((await whole('object')).equals(won[0]!)).toBe(true);
    for (const one of tried) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(AlreadyInVault);
    expect(await unfinished()).toBe(0);
  });

  test('leaves what is there', async () => {
    await store.put('object', [Buffer.from('first')]);
    await expect(store.put('object', [Buffer.from('second')], { ifAbsent: true })).rejects.toThrow(
      AlreadyInVault,
    );
    expect((await whole('object')).toString()).toBe('first');
  });
});

describe('an answer that is lost', () => {
  test('does not make a conditional write fail on its own success', async () => {
    proxy.losing = /^PUT/;
    await behindProxy.put('object', [Buffer.from('mine')], { ifAbsent: true });
    expect(proxy.losing).toBeUndefined();
    expect((await whole('object')).toString()).toBe('mine');
  });

  test.each([
    ['to the beginning', /^POST .*uploads/],
    ['to a part', /^PUT .*partNumber=2/],
    ['to the completion', /^POST .*uploadId=/],
  ])('%s of a large upload costs a second try, conditional or not', async (_, losing) => {
    for (const ifAbsent of [true, false]) {
      proxy.losing = losing;
      await behindProxy.put(`object.${ifAbsent}`, [large], { ifAbsent });
      expect(proxy.losing).toBeUndefined();
      expect((await whole(`object.${ifAbsent}`)).equals(large)).toBe(true);
    }
  });
});

describe('an upload', () => {
  test.each([10, 9 * MIB, 20 * MIB])(
    'that is cut after %i bytes leaves nothing and hands its error on',
    async (length) => {
      async function* cutOff() {
        yield plaintext(length);
        throw new Error('the client went away');
      }
      await expect(store.put('ab/object', cutOff())).rejects.toThrow('the client went away');
      expect(filesIn(folder())).toEqual([]);
      expect(await unfinished()).toBe(0);
      expect(await store.exists('ab/object')).toBe(false);
    },
  );

  test('whose bytes change on the way is refused by the server, and nothing is stored', async () => {
    proxy.spoiling = true;
    for (const bytes of [plaintext(100_000), large]) {
      await expect(behindProxy.put('object', [bytes])).rejects.toEqual(unavailable);
    }
    proxy.spoiling = false;
    expect(filesIn(folder())).toEqual([]);
    expect(await unfinished()).toBe(0);
  });

  test('that a killed process left is taken back, one under way is not', async () => {
    const left = { Bucket: bucket, Key: 'ab/left' };
    for (const Body of [plaintext(100), plaintext(200)]) {
      const { UploadId } = await s3Client(server).createMultipartUpload(left);
      await s3Client(server).uploadPart({ ...left, UploadId, PartNumber: 1, Body });
    }
    async function* interrupted() {
      yield large;
      expect(await unfinished()).toBe(3);
      expect(await store.discardUnfinished()).toBe(2);
      yield large;
    }
    await store.put('ab/under-way', interrupted());
    expect(await unfinished()).toBe(0);
    expect((await whole('ab/under-way')).length).toBe(2 * large.length);
  });
});

describe('what cannot be used now says so, and nothing is lost:', () => {
  const everyCallFails = async () => {
    for (const one of await Promise.allSettled(everyCall())) {
      expect(one).toEqual({ status: 'rejected', reason: unavailable });
    }
  };
  const everyCall = () => [
    store.put('object', [Buffer.from('new')]),
    store.put('object', [large], { ifAbsent: true }),
    store.get('kept'),
    store.read('kept', 1000),
    store.exists('kept'),
    store.delete('kept'),
    store.discardUnfinished(),
    namesOf(''),
  ];

  test('a bucket that vanishes and comes back', async () => {
    await store.put('kept', [Buffer.from('kept')]);
    renameSync(folder(), `${server.buckets}/../away`);
    await everyCallFails();
    expect(new Set(troubles)).toEqual(new Set(['NoSuchBucket']));
    renameSync(`${server.buckets}/../away`, folder());
    expect((await whole('kept')).toString()).toBe('kept');
  });

  test.each([
    ['a secret that is wrong', /^SignatureDoesNotMatch$/, { secretAccessKey: 'wrong' }],
    ['a key that is unknown', /^(InvalidAccessKeyId|XAdminUserNotFound)$/, { accessKeyId: 'unknown' }],
  ])('%s', async (_, why, wrong) => {
    store = bucketStore({ ...server, credentials: { ...server.credentials, ...wrong } }, bucket, troubles);
    await everyCallFails();
    for (const trouble of troubles) expect(trouble).toMatch(why);
    expect(troubles).toHaveLength(8);
  });

  test('a server that stops and starts again with other credentials, which are read anew', async () => {
    const credentials = { ...server.credentials };
    store = bucketStore({ ...server, credentials }, bucket, troubles);
    await store.put('kept', [Buffer.from('kept')]);
    await server.stop();
    await everyCallFails();
    expect(troubles).toHaveLength(8);
    const fresh = { ...credentials, secretAccessKey: randomUUID() };
    server = await startS3Server(root, { port: Number(new URL(server.endpoint).port), credentials: fresh });
    await expect(whole('kept')).rejects.toEqual(unavailable);
    expect(troubles).toContain('SignatureDoesNotMatch');
    Object.assign(credentials, fresh);
    expect((await whole('kept')).toString()).toBe('kept');
  });
});

test('a byte that changes in a large object at rest is refused before it is served', async () => {
  const vault = await openVault({ payloads: store, ...keysIn(join(root, 'rest')) });
  const anchor = anchorOf(await vault.sealRecord([large], facts));
  const path = join(folder(), filesIn(folder()).find((name) => name.endsWith('.sealed')) ?? '');
  const sealed = readFileSync(path);
  sealed[10 * MIB]! ^= 1;
  writeFileSync(path, sealed);
  await expect(readBack(vault, anchor)).rejects.toThrow(Tampered);
  sealed[10 * MIB]! ^= 1;
  writeFileSync(path, sealed);
  expect((await readBack(vault, anchor)).equals(large)).toBe(true);
});
