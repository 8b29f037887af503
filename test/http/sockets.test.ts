import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { listen } from '../../gateway/src/http/serve.ts';
import { issueCertificate, makeAuthority } from '../../network/certificates.ts';
import { record } from './support/memory-gateway.ts';
import { closing, host, until, uploadHead, write } from './support/raw.ts';
import { exchange, type Served, serve } from './support/served.ts';

let served: Served;
afterEach(() => served.stop());

test('clients that never finish their headers are told and cut', async () => {
  served = await serve({ headersMilliseconds: 200 });
  const slow = Array.from({ length: 20 }, () => {
    const socket = connect(served.port, '127.0.0.1', () => socket.write('GET /health/live HTTP/1.1\r\nX-'));
    return closing(socket);
  });
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"TOO_SLOW"/s);
  expect((await served.ask({ path: '/health/live' })).status).toBe(200);
});

test('a client that rests in the middle of an upload is told and cut, and nothing is stored', async () => {
  served = await serve({ idleMilliseconds: 150 });
  const answer = await exchange(served.port, `${uploadHead('Content-Length: 1000000\r\n')}half`);
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'TOO_SLOW']);
  expect(served.gateway.uploads).toBe(0);
});

test('an upload cut off in the middle stores nothing', async () => {
  served = await serve();
  const answer = await exchange(served.port, `${uploadHead('Content-Length: 100\r\n')}half`, { half: true });
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'UPLOAD_INCOMPLETE']);
  const socket = connect(served.port, '127.0.0.1', () => {
    socket.write(`${uploadHead('Content-Length: 100\r\n')}half`, () =>
      setTimeout(() => socket.resetAndDestroy(), 50),
    );
  });
  await closing(socket);
  await until(() => served.lines.filter((line) => line.includes('"/v1/records"')).length === 2);
  expect(served.gateway.uploads).toBe(0);
  expect(served.lines.join('')).toMatch(/"status":0,"code":"UPLOAD_INCOMPLETE","aborted":true/);
});

test('a refused upload gets its answer while it is still being sent', async () => {
  served = await serve();
  served.gateway.refuses = true;
  const socket = connect(served.port, '127.0.0.1');
  const answer = closing(socket);
  socket.write(uploadHead('Content-Length: 1000000000\r\n'));
  const sending = setInterval(() => socket.writable && socket.write(Buffer.alloc(64 * 1024)), 5);
  expect(await answer).toMatch(/^HTTP\/1.1 403 .*"code":"NO_GRANT"/s);
  clearInterval(sending);
});

test('a connection is used again after a short body that nobody read', async () => {
  served = await serve();
  const socket = connect(served.port, '127.0.0.1');
  const answers = closing(socket);
  const head = `POST /v1/organisations HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\n`;
  socket.write(`${head}half${head}half`);
  socket.write(`GET /health/live HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  expect((await answers).match(/HTTP\/1.1 [0-9]+/g)).toEqual([
    'HTTP/1.1 405',
    'HTTP/1.1 405',
    'HTTP/1.1 200',
  ]);
});

test('a client that waits for 100 Continue hears a refusal without sending a byte', async () => {
  served = await serve();
  const waiting = uploadHead('Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n');
  served.gateway.refuses = true;
  expect(await closing(connect(served.port, '127.0.0.1').setNoDelay().on('connect', write(waiting)))).toMatch(
    /^HTTP\/1.1 403 /,
  );
  served.gateway.refuses = false;
  const socket = connect(served.port, '127.0.0.1').on('connect', write(waiting));
  socket.once('data', () => socket.write('12345'));
  expect(await closing(socket)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /);
});

test('a client that takes no bytes loses its connection', async () => {
  served = await serve({ idleMilliseconds: 200 });
  served.gateway.readContent = async () => ({
    access: `${'f'.repeat(64)}:0`,
    version: 1,
    mediaType: 'application/octet-stream',
    length: 1024 ** 3,
    digest: '',
    body: Readable.from(
      (function* () {
        for (let chunk = 0; chunk < 16_384; chunk += 1) yield Buffer.alloc(65_536);
      })(),
    ),
  });
  const socket = connect(served.port, '127.0.0.1').on('error', () => undefined);
  socket.pause();
  socket.write(`GET /v1/records/${record}/content HTTP/1.1\r\n${host}Authorization: Bearer device\r\n\r\n`);
  await until(() => served.lines.some((line) => line.includes('"aborted":true')));
  socket.destroy();
});

test('an address that opens too many sockets is refused, others are not cut', async () => {
  served = await serve({ socketsPerAddress: 3 });
  const sockets = [1, 2, 3].map(() => connect(served.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  expect(await closing(connect(served.port, '127.0.0.1'))).toMatch(/^HTTP\/1.1 429 .*Retry-After: /s);
  const [first] = sockets;
  first?.write(`GET /health/live HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  expect(await closing(first as Socket)).toMatch(/^HTTP\/1.1 200 /);
  for (const socket of sockets) socket.destroy();
});

test('the same doors open over TLS', async () => {
  served = await serve();
  const root = await makeAuthority('roots', 'Riverside');
  const { certificate, privateKey } = await issueCertificate(root, {
    commonName: 'gateway',
    organisation: 'Riverside',
    hosts: ['127.0.0.1'],
  });
  const tls = { key: privateKey, cert: certificate };
  const place = { host: '127.0.0.1', port: 0, tls };
  const secure = await listen(served.app, place, served.settings);
  const status = await new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: secure.port,
      path: '/health/live',
      ca: root.certificate,
      agent: false,
    };
    get(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });
  expect(status).toBe(200);
  await secure.stop();
});

test('a stopping gateway finishes what it began and takes nothing new', async () => {
  served = await serve();
  let finish = () => {};
  served.gateway.unready = () => new Promise((resolve) => (finish = () => resolve([])));
  const socket = connect(served.port, '127.0.0.1');
  const answer = closing(socket);
  socket.write(`GET /health/ready HTTP/1.1\r\n${host}\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const stopped = served.stop();
  await expect(exchange(served.port, '')).rejects.toThrow();
  finish();
  expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  await stopped;
});

test('a stopping gateway cuts what does not finish in time', async () => {
  served = await serve({ stopMilliseconds: 100 });
  served.gateway.unready = () => new Promise(() => {});
  const socket = connect(served.port, '127.0.0.1');
  const answer = closing(socket);
  socket.write(`GET /health/ready HTTP/1.1\r\n${host}\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await served.stop();
  expect(await answer).toBe('');
});
