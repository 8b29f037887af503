import type { ServerResponse } from 'node:http';
import { makeKeys, type Patient, ProblemError, UnexpectedAnswer } from '@chartkey/client';
import { ForeignGateway, problem } from './foreign-gateway.ts';

let foreign: ForeignGateway;
let patient: Patient;
let path: string;
beforeEach(async () => {
  foreign = await ForeignGateway.start();
  patient = (await foreign.connect()).patient(await makeKeys());
  path = `/v1/patients/${patient.id}/events`;
});
afterEach(() => foreign.stop());

const event = (nth: number, change: object = {}) => ({
  ...{ cursor: `7.${nth}`, kind: 'denied', time: '2026-01-01T00:00:00.000Z', block: 7 },
  ...{ transaction: 'f'.repeat(64), patient: patient.id },
  ...change,
});
const text = (nth: number, change: object = {}) =>
  `id: 7.${nth}\ndata: ${JSON.stringify(event(nth, change))}\n\n`;
const begin = (response: ServerResponse, from = '7.0') => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(`event: listening\nid: ${from}\ndata: {"cursor":"${from}"}\n\n`);
};
/** Serves one text per connection, then ends or breaks it off. */
function serve(...texts: (string | ((response: ServerResponse) => void))[]): string[] {
  const asked: string[] = [];
  foreign.on('GET', path, (seen, response) => {
    asked.push(seen.query.get('after') ?? 'now');
    const next = texts.shift();
    if (typeof next === 'function') return next(response);
    begin(response);
    response.end(next);
  });
  return asked;
}
async function first(count: number, after?: string): Promise<string[]> {
  const cursors: string[] = [];
  for await (const { cursor } of patient.events({ after })) {
    cursors.push(cursor);
    if (cursors.length === count) break;
  }
  return cursors;
}

test('a stream that ends is opened again after the last event, also when none came yet', async () => {
  const asked = serve('', text(1) + text(2), ':\n\n', text(3));
  expect(await first(3)).toEqual(['7.1', '7.2', '7.3']);
  expect(asked).toEqual(['now', '7.0', '7.2', '7.2']);
});

test('a stream that breaks off in the middle of an event goes on before it', async () => {
  const asked = serve((response) => {
    begin(response, '5.5');
    response.write(text(1) + text(2).slice(0, 40));
    setTimeout(() => response.destroy(), 50);
  }, text(2));
  expect(await first(2, '5.5')).toEqual(['7.1', '7.2']);
  expect(asked).toEqual(['5.5', '7.1']);
});

test('an event that comes byte by byte is one event, and a kind without a name is told too', async () => {
  serve((response) => {
    begin(response);
    const bytes = Buffer.from(`:ö\n\n${text(1, { kind: 'eclipse', moon: 'ö' })}`);
    for (const byte of bytes) response.write(Buffer.from([byte]));
  });
  for await (const { kind } of patient.events()) {
    expect(kind).toBe('eclipse');
    break;
  }
});

test('whoever leaves closes the connection', async () => {
  const closed = new Promise((resolve) =>
    serve((response) => {
      response.once('close', resolve);
      begin(response);
      response.write(text(1));
    }),
  );
  expect(await first(1)).toEqual(['7.1']);
  await closed;
});

test('a signal ends the wait with its own reason', async () => {
  serve((response) => begin(response));
  const over = new AbortController();
  const next = patient.events({ signal: over.signal }).next();
  setTimeout(() => over.abort(new Error('enough')), 50);
  await expect(next).rejects.toThrow('enough');
});

test('a gateway that is busy is asked again, one that refuses is not', async () => {
  serve(
    (response) => problem(response, 503, 'INDEX_BEHIND'),
    text(1),
    (response) => problem(response, 403, 'NOT_YOURS'),
  );
  expect(await first(1)).toEqual(['7.1']);
  await expect(first(1)).rejects.toBeInstanceOf(ProblemError);
});

test.each([
  ['no JSON', 'id: 7.1\ndata: {\n\n'],
  ['another shape', 'id: 7.1\ndata: {"cursor":"x"}\n\n'],
  ['more than an event may have', `id: 7.1\ndata: ${'x'.repeat(200_000)}\n\n`],
])('an event that is %s is no event', async (_what, said) => {
  serve(said);
  await expect(first(1)).rejects.toBeInstanceOf(UnexpectedAnswer);
});

test('what is no stream is not read as one', async () => {
  serve((response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"items":[]}');
  });
  await expect(first(1)).rejects.toBeInstanceOf(UnexpectedAnswer);
});
