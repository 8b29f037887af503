import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerBlock } from '../../gateway/src/ledger/ledger.ts';
import { BlockIndex } from '../../gateway/src/projection/block-index.ts';
import { Follower } from '../../gateway/src/projection/follower.ts';
import { Lists } from '../../gateway/src/projection/lists.ts';
import { issueCertificate, makeAuthority } from '../../network/certificates.ts';
import { freePort } from '../support/ledger.ts';
import {
  createDatabase,
  dropDatabase,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import * as story from '../unit/projection/chain-story.ts';
import { failure, look, me } from '../unit/projection/filled-index.ts';
import { GrowingChain } from '../unit/projection/growing-chain.ts';
import { everything } from '../unit/projection/index-rows.ts';
import { temporaryFolder } from '../unit/vault/sample.ts';

const root = temporaryFolder();
const patient = story.id('patient');
const behind = failure('INDEX_BEHIND');
let server: PostgresServer;
let database: string;
let made = 0;
const start = () => startPostgres(join(root, 'data'), server?.port ?? 0, root);
beforeAll(async () => {
  chmodSync(root, 0o711);
  server = await startPostgres(join(root, 'data'), await freePort(), root);
});
afterAll(() => server?.stop());
beforeEach(async () => {
  made += 1;
  database = `index_${made}`;
  await createDatabase(server.url('postgres'), database);
});

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An index that follows a chain, and its lists, as a gateway has them. */
async function follow(chain: GrowingChain, url = server.url(database)) {
  const index = await BlockIndex.open({ place: { url }, network: story.NETWORK });
  const said: string[] = [];
  const alarms: Error[] = [];
  const log = {
    warn: (about: object) => void said.push(String((about as { err: unknown }).err)),
    error: () => undefined,
  };
  const follower = new Follower({
    ...{ ledger: chain, sinks: [index], log, pauses: [10, 100] },
    alarm: (reason) => alarms.push(reason),
  });
  ends.push(async () => {
    await follower.stop();
    await index.close();
  });
  follower.start();
  const lists = new Lists(index.database, () => follower.caughtUp);
  const entries = async () => (await lists.accessesOf(patient, me)).items.length;
  return { index, follower, said, alarms, entries };
}

/** A block with one look at the patient's records. */
const oneLook = (number: number): LedgerBlock => ({
  number,
  transactions: [story.transaction(number + 1, look({ patient }))],
});

/** Sends a signal to the server and to each process that serves a connection. */
function signalAll({ process: { child } }: PostgresServer, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  for (const pid of [child.pid!, ...children.map(Number)]) process.kill(pid, signal);
}

/** Answers once the promise does what is expected; the last try's failure else. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (const until = Date.now() + 20_000; ; await pause(50)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

test('a database that stops, cut off in the middle of what it was told, and starts again is caught up with', async () => {
  const chain = new GrowingChain(20, oneLook);
  const { follower, entries } = await follow(chain);
  await eventually(async () => expect(await entries()).toBe(20));
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    chain.grow(3);
    server.process.child.kill(signal);
    await server.process.ended;
    chain.grow(3);
    await expect(entries()).rejects.toEqual(behind);
    server = await start();
    await eventually(async () => expect(await entries()).toBe(chain.blocksThere.length));
  }
  expect(follower.height).toBe(31);
});

test('a gateway that starts before its database lists when it is there', async () => {
  await server.stop();
  const { entries } = await follow(new GrowingChain(5, oneLook));
  await pause(100);
  await expect(entries()).rejects.toEqual(behind);
  server = await start();
  await eventually(async () => expect(await entries()).toBe(5));
});

test('a database that is deleted and made again is filled from the ledger', async () => {
  const chain = new GrowingChain(30, oneLook);
  const { index, entries } = await follow(chain);
  await eventually(async () => expect(await entries()).toBe(30));
  const before = await everything(index.database);
  await dropDatabase(server.url('postgres'), database);
  await expect(entries()).rejects.toEqual(behind);
  await createDatabase(server.url('postgres'), database);
  chain.grow(1);
  await eventually(async () => expect(await entries()).toBe(31));
  const after = await everything(index.database);
  expect(after['accesses']).toEqual(expect.arrayContaining(before['accesses']!));
});

test('a database that stands still is not waited for without end, and lists again when it goes on', async () => {
  const chain = new GrowingChain(3, oneLook);
  const { entries } = await follow(chain);
  await eventually(async () => expect(await entries()).toBe(3));
  signalAll(server, 'SIGSTOP');
  chain.grow(1);
  await expect(entries()).rejects.toEqual(behind);
  signalAll(server, 'SIGCONT');
  await eventually(async () => expect(await entries()).toBe(4));
});

test('gateways that open one empty database at one time make its tables once', async () => {
  const indexes = await Promise.all(
    Array.from({ length: 6 }, () =>
      BlockIndex.open({ place: { url: server.url(database) }, network: story.NETWORK }),
    ),
  );
  await Promise.all(indexes.map((index) => index.resume()));
  expect(await Promise.all(indexes.map((index) => index.next()))).toEqual([0, 0, 0, 0, 0, 0]);
  const [first] = indexes;
  expect((await everything(first!.database))['checkpoints']).toHaveLength(1);
  for (const index of indexes) await index.close();
});

test('two that follow into one database leave each row once, and both see all', async () => {
  const chain = new GrowingChain(40, oneLook);
  const [one, other] = [await follow(chain), await follow(chain)];
  for (let more = 0; more < 20; more += 1) {
    chain.grow(2);
    await pause(10);
  }
  for (const { entries, alarms } of [one, other]) {
    await eventually(async () => expect(await entries()).toBe(50));
    expect(alarms).toEqual([]);
  }
  await eventually(async () => expect([one.follower.height, other.follower.height]).toEqual([79, 79]));
  expect((await everything(one.index.database))['accesses']).toHaveLength(80);
});

test('a database of another network is refused for good, with an alarm', async () => {
  const index = await BlockIndex.open({ place: { url: server.url(database) }, network: 'another' });
  await index.resume();
  await index.close();
  const { alarms, entries } = await follow(new GrowingChain(1, oneLook));
  await eventually(async () => expect(alarms).toEqual([expect.objectContaining({ name: 'ForeignSink' })]));
  await expect(entries()).rejects.toEqual(behind);
});

describe('TLS as the URL asks for it', () => {
  const folder = join(root, 'tls');
  const pem = (name: string, text: string) => {
    const path = join(root, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534);
    return path;
  };
  let secured: PostgresServer;
  let [root1, root2] = ['', ''];
  beforeAll(async () => {
    const [own, other] = [await makeAuthority('own', 'Own'), await makeAuthority('other', 'Other')];
    const { certificate, privateKey } = await issueCertificate(own, {
      ...{ commonName: 'database', organisation: 'Own', hosts: ['127.0.0.1'] },
    });
    [root1, root2] = [pem('own.pem', own.certificate), pem('other.pem', other.certificate)];
    const files = [
      `ssl_cert_file=${pem('server.pem', certificate)}`,
      `ssl_key_file=${pem('server.key', privateKey)}`,
    ];
    secured = await startPostgres(folder, await freePort(), root, ['ssl=on', ...files]);
  });
  afterAll(() => secured?.stop());

  test('reaches a server whose certificate its root has signed', async () => {
    const url = `${secured.url('postgres')}?sslmode=verify-full&sslrootcert=${root1}`;
    const { entries } = await follow(new GrowingChain(2, oneLook), url);
    await eventually(async () => expect(await entries()).toBe(2));
  });

  test.each([
    [
      'a certificate of another root',
      () => `${secured.url('postgres')}?sslmode=verify-full&sslrootcert=${root2}`,
    ],
    ['no TLS', () => `${server.url(database)}?sslmode=verify-full&sslrootcert=${root1}`],
  ])('refuses a server with %s', async (_, url) => {
    const { entries, said } = await follow(new GrowingChain(2, oneLook), url());
    await eventually(async () => expect(said.length).toBeGreaterThan(2));
    await expect(entries()).rejects.toEqual(behind);
  });
});
