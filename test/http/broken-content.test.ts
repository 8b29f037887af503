import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { Failure } from '@chartkey/vocabulary';
import { record } from './support/memory-gateway.ts';
import { closing, host } from './support/raw.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
afterEach(() => served.stop());

test('content that fails in the middle cuts the connection: never a silent half', async () => {
  served = await serve();
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'text/plain',
    length: 20,
    digest: '',
    body: Readable.from(
      (function* () {
        yield Buffer.from('0123456789');
        throw new Failure('INTEGRITY_BROKEN');
      })(),
    ),
  });
  const headers = { Authorization: 'Bearer device' };
  const answer = await fetch(`${served.url}/v1/records/${record}/content`, { headers });
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(served.lines.join('')).toContain('"code":"INTEGRITY_BROKEN"');
});

test('nonsense behind a request cuts its answer and never stands in it', async () => {
  served = await serve();
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'text/plain',
    length: 20,
    digest: '',
    body: Readable.from(
      (async function* () {
        yield Buffer.from('0123456789');
        await new Promise(() => {});
      })(),
    ),
  });
  const socket = connect(served.port, '127.0.0.1');
  const answer = closing(socket);
  socket.once('data', () => socket.write('nonsense\r\n\r\n'));
  socket.write(`GET /v1/records/${record}/content HTTP/1.1\r\n${host}Authorization: Bearer device\r\n\r\n`);
  expect(await answer).toMatch(/^HTTP\/1.1 200 .*0123456789$/s);
});

test('content that fails before its first byte is a problem document', async () => {
  served = await serve();
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'text/plain',
    length: 20,
    digest: '',
    body: Readable.from(
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give
      (function* (): Generator<Buffer> {
        throw new Failure('INTEGRITY_BROKEN');
      })(),
    ),
  });
  const asking = { path: `/v1/records/${record}/content`, headers: ['Authorization: Bearer device'] };
  const answer = await served.ask(asking);
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([500, 'INTEGRITY_BROKEN']);
  expect(answer.headers['etag']).toBeUndefined();
});
