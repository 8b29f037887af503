import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { record } from './support/memory-gateway.ts';
import { closing, host, until, uploadHead } from './support/raw.ts';
import { exchange, type Served, serve } from './support/served.ts';

let served: Served;
afterEach(() => served.stop());

const LENGTH = 3 * 2 ** 20 + 7;
const get = `GET /v1/records/${record}/content HTTP/1.1\r\n${host}Connection: close\r\nAuthorization: Bearer device\r\n\r\n`;
const upload = `${uploadHead(`Content-Length: ${LENGTH}\r\nConnection: close\r\n`)}`;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Lets the gateway take uploads by this reader. */
function readBy(reader: (content: AsyncIterable<Uint8Array>) => Promise<void>) {
  const { storeRecord } = served.gateway;
  served.gateway.storeRecord = async (asked) => {
    await reader(asked.content);
    return storeRecord({ ...asked, content: (async function* () {})() });
  };
}

/** Lets the gateway serve content in chunks of 64 KiB; says when its reader has gone. */
function serving(content: Buffer) {
  const state = { left: false };
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'application/octet-stream',
    length: content.length,
    digest: '',
    body: (async function* () {
      try {
        for (let at = 0; at < content.length; at += 65_536)
          yield Buffer.from(content.subarray(at, at + 65_536));
      } finally {
        state.left = true;
      }
    })(),
  });
  return state;
}

test('an upload comes whole to a reader who rests, for longer than the client may', async () => {
  served = await serve({ idleMilliseconds: 200 });
  const content = randomBytes(LENGTH);
  const hash = createHash('sha256');
  readBy(async (chunks) => {
    let count = 0;
    for await (const chunk of chunks) {
      if (count === 2) await wait(500);
      count += 1;
      hash.update(chunk);
    }
  });
  const answer = await exchange(served.port, Buffer.concat([Buffer.from(upload), content]));
  expect(answer.status).toBe(201);
  expect(hash.digest('hex')).toBe(sha256(content));
});

test('a client that goes while its bytes wait for the reader is an incomplete upload', async () => {
  served = await serve();
  let failure: unknown;
  const socket = connect(served.port, '127.0.0.1', () => socket.write(upload + 'x'.repeat(1_000_000)));
  socket.on('error', () => undefined);
  readBy(async (chunks) => {
    try {
      for await (const chunk of chunks) {
        expect(chunk.length).toBeGreaterThan(0);
        socket.resetAndDestroy();
        await wait(100);
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  await until(() => failure !== undefined);
  expect(failure).toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
  expect(served.gateway.uploads).toBe(0);
});

test('a reader who leaves in the middle of an upload gets its answer to the client', async () => {
  served = await serve();
  readBy(async (chunks) => {
    for await (const chunk of chunks) if (chunk.length > 0) break;
  });
  const answer = await exchange(served.port, Buffer.concat([Buffer.from(upload), randomBytes(LENGTH)]));
  expect(answer.status).toBe(201);
});

test('content reaches a slow client unspoilt', async () => {
  served = await serve();
  const content = randomBytes(24 * 2 ** 20);
  serving(content);
  const hash = createHash('sha256');
  let [head, rested] = [true, 0];
  const socket = connect(served.port, '127.0.0.1', () => socket.write(get));
  socket.on('data', (chunk) => {
    hash.update(head ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk);
    head = false;
    rested += 1;
    if (rested % 40 !== 1) return;
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(hash.digest('hex')).toBe(sha256(content));
});

test('content whose client leaves in the middle is given up', async () => {
  served = await serve();
  const state = serving(Buffer.alloc(64 * 2 ** 20));
  const socket = connect(served.port, '127.0.0.1', () => socket.write(get));
  socket.once('data', () => socket.destroy());
  await closing(socket);
  await until(() => state.left);
  await until(() => served.lines.some((line) => line.includes('"aborted":true')));
});

test('of content that comes slower than it is read, only what the socket has not taken yet is kept', async () => {
  served = await serve();
  const chunks = Array.from({ length: 100 }, () => new Uint8Array(65_520).fill(7));
  const kept: number[] = [];
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'text/plain',
    length: 100 * 65_520,
    digest: '',
    body: (async function* () {
      for (const [at, chunk] of chunks.entries()) {
        yield chunk;
        await wait(5);
        kept.push(chunks.slice(0, at + 1).filter(({ byteLength }) => byteLength > 0).length);
      }
    })(),
  });
  const headers = { Authorization: 'Bearer device' };
  const answer = await fetch(`${served.url}/v1/records/${record}/content`, { headers });
  const body = new Uint8Array(await answer.arrayBuffer());
  expect([body.length, body.every((byte) => byte === 7)]).toEqual([100 * 65_520, true]);
  expect(Math.max(...kept)).toBeLessThan(60);
});
