import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallFailed } from '../../../gateway/src/release/answer-body.ts';
import { type Address, DestinationRefused, Destinations } from '../../../gateway/src/release/destinations.ts';
import { Outgoing } from '../../../gateway/src/release/outgoing.ts';
import { TestConsortium } from './consortium.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function calling(url: string, resolve?: (host: string) => Promise<Address[]>): Outgoing {
  const { genesis } = new TestConsortium({ RiversideMSP: url });
  const outgoing = new Outgoing(new Destinations(genesis, resolve));
  closing.push(() => outgoing.close());
  return outgoing;
}

const call = {
  organisation: 'RiversideMSP',
  method: 'GET' as const,
  path: '/v1/releases',
  milliseconds: 2000,
};
const causeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (error: unknown) => error,
  ) as Promise<CallFailed>;

test('a call reaches the registered gateway, below its registered path', async () => {
  const port = await serve((request, response) => response.end(`${request.method} ${request.url}`));
  const outgoing = calling(`http://127.0.0.1:${port}/gateway`);
  const answer = await outgoing.answer({ ...call, method: 'POST', body: '{}' }, 100);
  expect(answer).toMatchObject({ status: 200, body: Buffer.from('POST /gateway/v1/releases') });
});

test('a redirect is not followed', async () => {
  let reached = false;
  const inner = await serve((_request, response) => {
    reached = true;
    response.end('secret');
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const port = await serve((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${inner}/` }).end();
    });
    expect(await causeOf(calling(`http://127.0.0.1:${port}`).answer(call, 100))).toBeInstanceOf(CallFailed);
  }
  expect(reached).toBe(false);
});

test('each connection goes to the address of its own one lookup, which was checked', async () => {
  const port = await serve((_request, response) => response.setHeader('connection', 'close').end('here'));
  const answers = ['127.0.0.1', '10.0.0.1', '127.0.0.1'];
  let lookups = 0;
  const outgoing = calling(`http://riverside.test:${port}`, async () => {
    const address = answers[lookups] ?? '';
    lookups += 1;
    return [{ address, family: 4 }];
  });
  expect((await outgoing.answer(call, 100)).body.toString()).toBe('here');
  expect(lookups).toBe(1);
  const refused = await causeOf(outgoing.answer(call, 100));
  expect(refused.cause).toBeInstanceOf(DestinationRefused);
  expect(lookups).toBe(2);
  expect((await outgoing.answer(call, 100)).body.toString()).toBe('here');
});

test('a connection that rests is used again without a lookup', async () => {
  const ports = new Set<number | undefined>();
  const port = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('here');
  });
  let lookups = 0;
  const outgoing = calling(`http://riverside.test:${port}`, async () => {
    lookups += 1;
    return [{ address: '127.0.0.1', family: 4 }];
  });
  for (let turn = 0; turn < 5; turn += 1) {
    await outgoing.answer(call, 100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([ports.size, lookups]).toEqual([1, 1]);
});

test.each<[string, RequestListener]>([
  ['an answer that is too large', (_request, response) => response.end('x'.repeat(101))],
  ['an endless answer', (_request, response) => void endless(response)],
  [
    'an answer in an encoding',
    (_request, response) => response.setHeader('content-encoding', 'gzip').end('x'),
  ],
  ['headers of 64 KB', (_request, response) => response.setHeader('x-much', 'x'.repeat(65_536)).end('x')],
  ['a connection that is cut', (request) => request.socket.destroy()],
  [
    'an answer cut short',
    (request, response) => {
      response.writeHead(200, { 'content-length': '50' }).write('x');
      setTimeout(() => request.socket.destroy(), 20);
    },
  ],
  ['no HTTP', (request) => request.socket.end('SSH-2.0-x\r\n')],
  [
    'another protocol',
    (request) =>
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
  ],
])('%s is a failed call', async (_name, listener) => {
  const port = await serve(listener);
  expect(await causeOf(calling(`http://127.0.0.1:${port}`).answer(call, 100))).toBeInstanceOf(CallFailed);
});

test.each<[string, RequestListener]>([
  ['never begins', () => {}],
  ['never ends', (_request, response) => void response.write('x')],
  [
    'drips',
    (_request, response) => {
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    },
  ],
])('an answer that %s is given up', async (_name, listener) => {
  const port = await serve(listener);
  const outgoing = calling(`http://127.0.0.1:${port}`);
  expect(await causeOf(outgoing.answer({ ...call, milliseconds: 200 }, 10_000))).toBeInstanceOf(CallFailed);
});

test('a stream that stands still breaks off, one whose reader is slow does not', async () => {
  const port = await serve((request, response) => {
    response.write('x');
    if (request.url?.endsWith('/whole')) response.end('y');
  });
  const outgoing = calling(`http://127.0.0.1:${port}`);
  const still = await outgoing.stream(call, 100);
  expect(String((await still.body.next()).value)).toBe('x');
  expect(await causeOf(still.body.next())).toBeInstanceOf(CallFailed);
  const whole = await outgoing.stream({ ...call, path: '/whole' }, 100);
  await new Promise((resolve) => setTimeout(resolve, 300));
  let text = '';
  for await (const part of whole.body) text += part;
  expect(text).toBe('xy');
});

test('a path that leads elsewhere is no call', async () => {
  const outgoing = calling('http://127.0.0.1:1/gateway');
  for (const path of ['/../admin', '/a b', '?x', '@evil.example/', '/v1#x', '\\x']) {
    expect(await causeOf(outgoing.answer({ ...call, path }, 100))).toMatchObject({
      cause: expect.any(DestinationRefused),
    });
  }
  expect(await causeOf(outgoing.answer({ ...call, organisation: 'EvilMSP' }, 100))).toBeInstanceOf(
    CallFailed,
  );
});
function endless(response: Parameters<RequestListener>[1]): void {
  const chunk = 'x'.repeat(1000);
  const more = () => {
    while (response.write(chunk));
  };
  response.on('drain', more);
  more();
}
