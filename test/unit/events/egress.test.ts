import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Egress } from '../../../gateway/src/events/egress.ts';
import { CallFailed } from '../../../gateway/src/release/answer-body.ts';
import { type Address, DestinationRefused } from '../../../gateway/src/release/destinations.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const never = new AbortController().signal;
const family = (address: string) => (address.includes(':') ? 6 : 4);
const resolvingTo =
  (...addresses: string[]) =>
  async (): Promise<Address[]> =>
    addresses.map((address) => ({ address, family: family(address) }));
const real = new Egress(false, resolvingTo('8.8.8.8'));
const post = (egress: Egress, url: string, stopping = never) => egress.post(url, 'a.b.c', stopping);
const errorOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('it went through'),
    (error: Error) => error,
  );
/** What the name's lookup came to, beneath the failed call. */
const refusalOf = async (work: Promise<unknown>) => (await errorOf(work)).cause;

test.each([
  'https://events.example/',
  'https://events.example/path?token=secret',
  'https://events.example:8443/hook',
  'https://1.1.1.1/hook',
])('%s may be called', (url) => {
  expect(() => real.check(url)).not.toThrow();
});

/** Ways to write a URL that leads inside, or that two readers read as two. */
test.each([
  '',
  'events.example',
  '//events.example/',
  'http://events.example/',
  'ftp://events.example/',
  'file:///etc/passwd',
  'gopher://events.example/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'unix:/var/run/docker.sock',
  'https://events.example',
  'https://events.example:443/',
  'https://events.example:22/',
  'https://events.example:25/',
  'https://events.example:80/',
  'https://events.example:1023/',
  'https://events.example:0/',
  'https://user@events.example/',
  'https://user:secret@events.example/',
  'https://events.example/#fragment',
  'https://events.example/a/../b',
  'https://events.example/%2e%2e/b',
  'https://events.example\\b',
  'https://events.example/ ',
  ' https://events.example/',
  'https://events.example/a\tb',
  'https://events.example/a\r\nHost: x',
  'HTTPS://events.example/',
  'https://EVENTS.example/',
  'https://events。example/',
  'https://ⓔvents.example/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://127.8.9.10/',
  'https://0x7f000001/',
  'https://2130706433/',
  'https://017700000001/',
  'https://0/',
  'https://0.0.0.0/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.0.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::1]/',
  'https://[::]/',
  'https://[fd00::1]/',
  'https://[fe80::1]/',
  'https://[fe80::1%25eth0]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://[2606:4700::1111]/',
])('%j may not be called', async (url) => {
  expect(() => real.check(url)).toThrow(DestinationRefused);
  expect(await errorOf(post(real, url))).toBeInstanceOf(DestinationRefused);
});

test.each([
  [['127.0.0.1']],
  [['::1']],
  [['10.1.2.3']],
  [['172.20.0.1']],
  [['192.168.1.1']],
  [['100.100.100.200']],
  [['169.254.169.254']],
  [['0.0.0.0']],
  [['192.0.2.7']],
  [['224.0.0.251']],
  [['fd12::1']],
  [['fe80::1']],
  [['::ffff:8.8.8.8']],
  [['::ffff:10.0.0.1']],
  [['64:ff9b::7f00:1']],
  [['2002:7f00:1::']],
  [['8.8.8.8', '10.0.0.1']],
  [['2606:4700::1111', '::1']],
  [[]],
])('a name that resolves to %j is not called', async (addresses) => {
  const egress = new Egress(false, resolvingTo(...addresses));
  expect(await refusalOf(post(egress, 'https://events.example/'))).toBeInstanceOf(DestinationRefused);
});

test('a name is looked up once for a call, which goes to the address that was checked', async () => {
  const port = await serve((request, response) => response.end(request.headers.host));
  const answers = [['127.0.0.1'], ['10.0.0.1']];
  let lookups = 0;
  const egress = new Egress(true, async () => resolvingTo(...answers[lookups++]!)());
  const { status, body } = await post(egress, `http://events.example:${port}/`);
  expect([status, body.toString(), lookups]).toEqual([200, `events.example:${port}`, 1]);
  // A name that leads elsewhere by now is checked afresh: no connection is kept.
  expect(await refusalOf(post(egress, `http://events.example:${port}/`))).toBeInstanceOf(DestinationRefused);
});

test('a demo network’s webhook lies on loopback, and inside no other network', () => {
  const demo = new Egress(true);
  expect(() => demo.check('http://127.0.0.1:8080/events')).not.toThrow();
  for (const url of ['http://10.0.0.1:8080/', 'http://8.8.8.8:8080/', 'https://192.168.0.1:8443/']) {
    expect(() => demo.check(url)).toThrow(DestinationRefused);
  }
});

describe('a receiver', () => {
  const demo = new Egress(true);
  const at = (port: number) => `http://127.0.0.1:${port}/events?token=secret`;

  test('is sent the text as it is, at its path and query', async () => {
    const port = await serve(async (request, response) => {
      let body = '';
      for await (const part of request) body += String(part);
      response.end(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
    });
    const { body } = await post(demo, at(port));
    expect(body.toString()).toBe('POST /events?token=secret application/jose a.b.c');
  });

  test.each([301, 302, 303, 307, 308])('that redirects with %d is not followed', async (status) => {
    let reached = false;
    const inner = await serve((_request, response) => {
      reached = true;
      response.end();
    });
    const port = await serve((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${inner}/` }).end();
    });
    expect(await errorOf(post(demo, at(port)))).toBeInstanceOf(CallFailed);
    expect(reached).toBe(false);
  });

  test('that answers without end is cut', async () => {
    const port = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(4096)), 1);
      response.once('close', () => clearInterval(timer));
    });
    expect(await errorOf(post(demo, at(port)))).toBeInstanceOf(CallFailed);
  });

  test('that says nothing is left when the gateway stops', async () => {
    const port = await serve(() => undefined);
    const stopping = new AbortController();
    const call = errorOf(post(demo, at(port), stopping.signal));
    stopping.abort();
    expect(await call).toBeInstanceOf(CallFailed);
  });

  test('that is not there is a failed call', async () => {
    expect(await errorOf(post(demo, 'http://127.0.0.1:1025/'))).toBeInstanceOf(CallFailed);
  });
});
