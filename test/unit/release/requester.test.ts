import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe as describeFailure, Failure } from '@chartkey/vocabulary';
import { openReleaseRoom, type ReleaseRoom } from '../../../gateway/src/release/index.ts';
import { codeOf } from './asking.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
const content = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 31) % 251));
let server: Server;
let world: World;
let lakeside: ReleaseRoom;
/** what the custodian's server does instead of its duty */
let interfere: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
let tamper: (bytes: Buffer, first: number) => Buffer;
let requests: string[];

beforeEach(async () => {
  requests = [];
  interfere = undefined;
  tamper = (bytes) => bytes;
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = await newWorld(root, { RiversideMSP: url }, content);
  lakeside = await openReleaseRoom(world.partsOf('LakesideMSP', world.devices.lakeside));
});
afterEach(async () => {
  await lakeside.close();
  await world.room.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Riverside's two routes, without the rest of a gateway. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests.push(`${request.method} ${request.headers.range ?? ''}`.trim());
  if (interfere?.(request, response)) return;
  const proof = (request.headers.authorization ?? '').replace('Bearer ', '');
  try {
    if (request.method === 'POST') {
      const { access } = JSON.parse(Buffer.concat(await request.toArray()).toString());
      response.end(JSON.stringify(await world.room.release(access, proof)));
      return;
    }
    const [, start, end] = /bytes=([0-9]+)-([0-9]+)/.exec(request.headers.range ?? '') ?? [];
    const access = request.url?.split('/')[3] ?? '';
    const part = await world.room.sealedOf(access, proof, { first: Number(start), last: Number(end) });
    response.writeHead(206, { 'content-range': `bytes ${part.first}-${part.last}/${part.length}` });
    await pipeline(part.body, altered(part.first), response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const code = error instanceof Failure ? error.code : 'BROKEN';
    response.writeHead(describeFailure(code).status).end(JSON.stringify({ code, detail: 'their words' }));
  }
}

const altered = (first: number) =>
  async function* (parts: AsyncIterable<Buffer>) {
    let at = first;
    for await (const part of parts) {
      yield tamper(Buffer.from(part), at);
      at += part.length;
    }
  };

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

const granted = (access: string) => ({ access, record: world.record });
const readAll = async (access: string) =>
  gather(await (await lakeside.open(granted(access), { keep: false })).content());

test('another custodian’s record is read whole, verified', async () => {
  const reading = await lakeside.open(granted(world.newAccess().access), { keep: false });
  expect(reading.header).toEqual(world.sealed.header);
  expect((await gather(await reading.content())).equals(content)).toBe(true);
  expect(world.alarms).toEqual([]);
});

test('ranges of one access share one release', async () => {
  const { access } = world.newAccess();
  for (const [start, end] of [
    [0, 0],
    [65_479, 65_480],
    [150_000, 199_999],
    [70_000, 140_000],
  ] as const) {
    const reading = await lakeside.open(granted(access), { keep: true });
    const part = await gather(await reading.content({ start, end }));
    expect(part.equals(content.subarray(start, end + 1))).toBe(true);
  }
  expect(requests.filter((request) => request === 'POST')).toHaveLength(1);
});

test('an own record is read through the same checks, without a call', async () => {
  const { access } = world.newAccess(world.devices.riversideDesk);
  const reading = await world.room.open(granted(access), { keep: true });
  expect((await gather(await reading.content())).equals(content)).toBe(true);
  expect((await gather(await reading.content({ start: 10, end: 19 }))).equals(content.subarray(10, 20))).toBe(
    true,
  );
  expect(await codeOf(world.room.open(granted(access), { keep: false }))).toBe('ALREADY_RELEASED');
  world.revoked.add(`RiversideMSP ${world.devices.riversideDesk.device}`);
  expect(await codeOf(reading.content())).toBe('LEDGER_DISAGREES');
  expect(requests).toEqual([]);
});

test('after a revocation no further sealed byte comes', async () => {
  const { access, releasable } = world.newAccess();
  const reading = await lakeside.open(granted(access), { keep: true });
  await gather(await reading.content({ start: 0, end: 9 }));
  releasable.now = { is: 'denied', code: 'NO_GRANT' };
  expect(await codeOf(reading.content({ start: 10, end: 19 }))).toBe('NO_GRANT');
});

test('nothing flows after the session has ended', async () => {
  const { access } = world.newAccess();
  const reading = await lakeside.open(granted(access), { keep: true });
  const body = await reading.content();
  await body.next();
  world.clock.now += 241_000;
  expect(await codeOf(body.next())).toBe('SESSION_EXPIRED');
  expect(await codeOf(lakeside.open(granted(access), { keep: true }))).toBe('SESSION_EXPIRED');
  expect(await codeOf(reading.content())).toBe('SESSION_EXPIRED');
});

test.each([0, 20, 39, 40, 65_535, 65_536, 131_072, 200_000])(
  'a flipped bit at sealed byte %i is never served',
  async (flipped) => {
    tamper = (bytes, first) => {
      const at = flipped - first;
      if (at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    };
    const served: Uint8Array[] = [];
    const read = async () => {
      const reading = await lakeside.open(granted(world.newAccess().access), { keep: false });
      for await (const part of await reading.content()) served.push(part);
    };
    expect(await codeOf(read())).toBe('INTEGRITY_BROKEN');
    const got = Buffer.concat(served);
    expect(got.equals(content.subarray(0, got.length))).toBe(true);
    expect(world.alarms).toMatchObject([
      { code: 'INTEGRITY_BROKEN', about: { organisation: 'RiversideMSP' } },
    ]);
  },
);

const answering = (change: (answer: Record<string, unknown>) => void) => {
  interfere = (request, response) => {
    if (request.method !== 'POST') return false;
    const proof = (request.headers.authorization ?? '').replace('Bearer ', '');
    void request.toArray().then(async (body) => {
      const { access } = JSON.parse(Buffer.concat(body).toString());
      const answer: Record<string, unknown> = { ...(await world.room.release(access, proof)) };
      change(answer);
      response.end(JSON.stringify(answer));
    });
    return true;
  };
};

test.each<[string, (answer: Record<string, unknown>) => void]>([
  [
    'another media type',
    (answer) => {
      answer['header'] = { ...(answer['header'] as object), mediaType: 'text/html' };
    },
  ],
  [
    'another author',
    (answer) => {
      answer['header'] = { ...(answer['header'] as object), author: 'A'.repeat(43) };
    },
  ],
  [
    'other leaves',
    (answer) => {
      answer['leaves'] = Buffer.alloc(128, 1).toString('base64');
    },
  ],
  [
    'fewer leaves',
    (answer) => {
      answer['leaves'] = Buffer.from(String(answer['leaves']), 'base64').subarray(32).toString('base64');
    },
  ],
  [
    'no header',
    (answer) => {
      answer['header'] = {};
    },
  ],
  [
    'another key',
    (answer) => {
      answer['key'] = 'a.b.c.d.e';
    },
  ],
])('a custodian that answers with %s is not believed', async (_name, change) => {
  answering(change);
  expect(await codeOf(readAll(world.newAccess().access))).toBe('INTEGRITY_BROKEN');
  expect(world.alarms).toHaveLength(1);
});

test.each<[string, string, (response: ServerResponse) => void]>([
  ['says BUSY', 'BUSY', (response) => response.writeHead(503).end('{"code":"BUSY"}')],
  [
    'says that the access is too old',
    'ACCESS_TOO_OLD',
    (response) => response.writeHead(409).end('{"code":"ACCESS_TOO_OLD"}'),
  ],
  [
    'refuses our proof',
    'CUSTODIAN_UNAVAILABLE',
    (response) => response.writeHead(401).end('{"code":"RELEASE_PROOF_INVALID"}'),
  ],
  [
    'says what we do not know',
    'CUSTODIAN_UNAVAILABLE',
    (response) => response.writeHead(400).end('{"code":"toString"}'),
  ],
  ['fails in HTML', 'CUSTODIAN_UNAVAILABLE', (response) => response.writeHead(502).end('<html>')],
  ['redirects', 'CUSTODIAN_UNAVAILABLE', (response) => response.writeHead(302, { location: '/' }).end()],
  [
    'answers another access',
    'CUSTODIAN_UNAVAILABLE',
    (response) => response.end(`{"access":"${'1'.repeat(64)}:0","header":{},"leaves":"AAAA","key":"a"}`),
  ],
  ['answers no JSON', 'CUSTODIAN_UNAVAILABLE', (response) => response.end('x')],
  ['hangs up', 'CUSTODIAN_UNAVAILABLE', (response) => response.destroy()],
])('a custodian that %s means %s', async (_name, code, answer) => {
  interfere = (_request, response) => {
    answer(response);
    return true;
  };
  const error = await readAll(world.newAccess().access).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code, about: { organisation: 'RiversideMSP' } });
  expect(JSON.stringify(error)).not.toContain('their words');
  expect(world.alarms).toEqual([]);
  expect(world.troubles.length).toBeGreaterThan(0);
});

test('a custodian that is gone is unavailable, by name', async () => {
  const { access } = world.newAccess();
  server.close();
  server.closeAllConnections();
  const error = await readAll(access).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CUSTODIAN_UNAVAILABLE', about: { organisation: 'RiversideMSP' } });
});
