import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RestStream } from '../support/rest-events.ts';
import { patient } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
afterEach(() => served.stop());

const path = `/v1/patients/${patient}/events`;
const as = (token: string) => [`Authorization: Bearer ${token}`];

test('a stream begins with its cursor, tells each event under its own, and gives signs of life', async () => {
  served = await serve();
  const stream = await RestStream.open(`${served.url}${path}?after=3.4`, 'patient');
  await stream.until(() => stream.comments > 0);
  expect(stream.answer.headers.get('Content-Type')).toBe('text/event-stream');
  expect(stream.answer.headers.get('Cache-Control')).toBe('no-store');
  expect(stream.answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(stream.sent).toEqual([
    { event: 'listening', id: '3.4', data: { cursor: '3.4' } },
    { id: '7.100000', data: expect.objectContaining({ cursor: '7.100000', kind: 'denied' }) },
  ]);
  stream.cut();
});

test.each([
  ['application/json', 'application/json'],
  ['*/*', 'application/json'],
  ['text/event-stream;q=0.5, application/json', 'application/json'],
  ['text/event-stream', 'text/event-stream'],
  ['text/event-stream, application/json;q=0.5', 'text/event-stream'],
])('to Accept: %s the answer is %s', async (accept, expected) => {
  served = await serve();
  const answer = await fetch(`${served.url}${path}`, {
    headers: { Authorization: 'Bearer patient', Accept: accept },
  });
  expect(answer.headers.get('Content-Type')).toBe(expected);
  await answer.body!.cancel();
});

test.each([
  ['?after=x', []],
  ['', ['Last-Event-ID: 1.1, 2.2']],
  ['?cursor=1.1', []],
])('%s %j is refused before a stream begins', async (query, headers) => {
  served = await serve();
  const found = await served.ask({
    path: `${path}${query}`,
    headers: [...as('patient'), 'Accept: text/event-stream', ...headers],
  });
  expect([found.status, JSON.parse(found.body).code]).toEqual([
    400,
    query === '?cursor=1.1' ? 'UNKNOWN_PARAMETER' : 'CURSOR_INVALID',
  ]);
});

test('a stream outlives the time after which a silent connection is cut', async () => {
  served = await serve({ idleMilliseconds: 300 });
  served.gateway.streams.beats = true;
  const stream = await RestStream.open(`${served.url}${path}`, 'patient');
  await stream.until(() => stream.comments >= 8);
  expect(stream.ended).toBe(false);
  stream.cut();
});

test('a reader that takes nothing is cut, and no more than a page waits for it', async () => {
  served = await serve({ idleMilliseconds: 300 });
  const { streams } = served.gateway;
  streams.floods = true;
  const socket = connect(served.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Accept: text/event-stream', ...as('patient'), '', ''];
  socket.write(lines.join('\r\n'));
  while (streams.left.length === 0) await pause(20);
  // What the sockets of this system hold on both sides, and one batch.
  expect(streams.flooded).toBeLessThan(32 << 20);
  socket.destroy();
});

test('a gateway that stops ends its streams, and waits for none', async () => {
  const stopping = new AbortController();
  served = await serve({ stopping: stopping.signal, stopMilliseconds: 60_000 });
  const stream = await RestStream.open(`${served.url}${path}`, 'patient');
  await stream.until(() => stream.comments > 0);
  stopping.abort();
  await served.stop();
  await stream.until(() => stream.ended);
});

test('a webhook is made, shown and removed', async () => {
  served = await serve();
  const headers = [...as('patient'), 'Content-Type: application/json'];
  const body = JSON.stringify({ url: 'https://app.example/hook' });
  const made = await served.ask({ method: 'POST', path: '/v1/webhooks', headers, body });
  expect([made.status, made.headers['location']]).toEqual([201, `/v1/webhooks/${'c'.repeat(26)}`]);
  const shown = await served.ask({ path: '/v1/webhooks', headers: as('patient') });
  expect(JSON.parse(shown.body).items).toHaveLength(1);
  const place = `/v1/webhooks/${'c'.repeat(26)}`;
  const gone = await served.ask({ method: 'DELETE', path: place, headers: as('patient') });
  expect([gone.status, gone.body]).toEqual([204, '']);
  const unknown = await served.ask({
    method: 'DELETE',
    path: `/v1/webhooks/${'d'.repeat(26)}`,
    headers: as('patient'),
  });
  expect([unknown.status, JSON.parse(unknown.body).code]).toEqual([404, 'WEBHOOK_UNKNOWN']);
});

test('no log line holds the URL of a webhook', async () => {
  served = await serve();
  const headers = [...as('patient'), 'Content-Type: application/json'];
  const body = JSON.stringify({ url: 'https://canary.example/hook' });
  await served.ask({ method: 'POST', path: '/v1/webhooks', headers, body });
  await served.ask({ method: 'POST', path: '/v1/webhooks', headers, body: body.slice(1) });
  expect(served.lines.join('')).not.toContain('canary');
});
