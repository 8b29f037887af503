import { statSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openReleaseRoom, type ReleaseRoom } from '../../../gateway/src/release/index.ts';
import { sealedLength } from '../../../gateway/src/vault/index.ts';
import { codeOf } from './asking.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
/** content of one segment, and of one byte more */
const LARGEST_SMALL = 65_480;
const contentOf = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 31) % 251));

let server: Server;
let world: World;
let lakeside: ReleaseRoom;
let requests: string[];
/** changes the custodian's answer on its way */
let alter: (answer: Record<string, unknown>) => Record<string, unknown>;

async function begin(length: number): Promise<void> {
  requests = [];
  alter = (answer) => answer;
  server = createServer(async (request, response) => {
    requests.push(request.method ?? '');
    const proof = (request.headers.authorization ?? '').replace('Bearer ', '');
    try {
      if (request.method === 'POST') {
        const { access } = JSON.parse(Buffer.concat(await request.toArray()).toString());
        const answer = await world.room.release(access, proof);
        response.end(JSON.stringify(alter({ ...answer })));
        return;
      }
      const [, first, last] = /bytes=([0-9]+)-([0-9]+)/.exec(request.headers.range ?? '') ?? [];
      const access = request.url?.split('/')[3] ?? '';
      const part = await world.room.sealedOf(access, proof, { first: Number(first), last: Number(last) });
      response.writeHead(206, { 'content-range': `bytes ${part.first}-${part.last}/${part.length}` });
      response.end(Buffer.concat(await part.body.toArray()));
    } catch (error) {
      response.writeHead(403).end(JSON.stringify({ code: (error as { code?: string }).code }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = await newWorld(root, { RiversideMSP: url }, contentOf(length));
  lakeside = await openReleaseRoom(world.partsOf('LakesideMSP', world.devices.lakeside));
}
afterEach(async () => {
  await lakeside.close();
  await world.room.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}
const open = (access: string, keep = false) => lakeside.open({ access, record: world.record }, { keep });

test.each([
  [0, ['POST']],
  [1, ['POST']],
  [LARGEST_SMALL, ['POST']],
  [LARGEST_SMALL + 1, ['POST', 'GET']],
])('content of %i bytes takes %j between gateways', async (length, taken) => {
  await begin(length);
  const reading = await open(world.newAccess().access);
  expect((await gather(await reading.content())).equals(contentOf(length))).toBe(true);
  expect(requests).toEqual(taken);
});

test('a range of small content comes with the key too; the next range is checked again', async () => {
  await begin(1000);
  const { access, releasable } = world.newAccess();
  const reading = await open(access, true);
  const part = await gather(await reading.content({ start: 10, end: 19 }));
  expect(part.equals(contentOf(1000).subarray(10, 20))).toBe(true);
  expect(requests).toEqual(['POST']);
  expect((await gather(await reading.content({ start: 0, end: 4 }))).equals(contentOf(5))).toBe(true);
  releasable.now = { is: 'denied', code: 'NO_GRANT' };
  expect(await codeOf((await open(access, true)).content({ start: 0, end: 4 }))).toBe('NO_GRANT');
});

test('content that begins more than a second after the release is checked again', async () => {
  await begin(1000);
  const { access, releasable } = world.newAccess();
  const reading = await open(access);
  world.clock.now += 1_001;
  releasable.now = { is: 'denied', code: 'NO_GRANT' };
  expect(await codeOf(reading.content())).toBe('NO_GRANT');
});

test('a custodian that sends no bytes with the key is asked for them', async () => {
  await begin(1000);
  alter = ({ sealed: _, ...answer }) => answer;
  const reading = await open(world.newAccess().access);
  expect((await gather(await reading.content())).equals(contentOf(1000))).toBe(true);
  expect(requests).toEqual(['POST', 'GET']);
});

test.each<[string, (sealed: Buffer) => Buffer]>([
  ['first bit flipped', (sealed) => flipped(sealed, 0)],
  ['bit in the content flipped', (sealed) => flipped(sealed, 60)],
  ['last bit flipped', (sealed) => flipped(sealed, sealed.length - 1)],
  ['last byte missing', (sealed) => sealed.subarray(0, -1)],
  ['one byte more', (sealed) => Buffer.concat([sealed, Buffer.alloc(1)])],
  ['nothing in it', () => Buffer.alloc(0)],
])('bytes that come with the key with their %s are never served, and raise an alarm', async (_, change) => {
  await begin(1000);
  alter = ({ sealed, ...answer }) => ({
    ...answer,
    sealed: change(Buffer.from(String(sealed), 'base64')).toString('base64'),
  });
  const reading = await open(world.newAccess().access);
  expect(await codeOf(reading.content())).toBe('INTEGRITY_BROKEN');
  expect(world.alarms).toHaveLength(1);
});

test('a version whose content is lost is an alarm at its custodian, and its access is not spent', async () => {
  await begin(1000);
  const { access } = world.newAccess();
  const [file = ''] = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(world.record) && statSync(path).size === sealedLength(1000));
  await rename(file, `${file}-away`);
  expect(await codeOf(open(access))).toBe('INTEGRITY_BROKEN');
  expect(world.alarms).toHaveLength(1);
  await rename(`${file}-away`, file);
  expect((await gather(await (await open(access)).content())).equals(contentOf(1000))).toBe(true);
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
