import { Failure } from '@chartkey/vocabulary';
import { record } from './support/memory-gateway.ts';
import { exchange, type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());
beforeEach(() => {
  Object.assign(served.gateway, { fails: undefined, isFull: true });
  served.lines.length = 0;
});

const path = `/v1/records/${record}/content`;
const read = (headers: string[] = [], more = {}) =>
  served.ask({ path, headers: ['Authorization: Bearer device', ...headers], ...more });

test('a read without room is refused like one that found none inside, and leaves the same line in the log', async () => {
  const outside = await read();
  Object.assign(served.gateway, { isFull: false, fails: new Failure('BUSY') });
  const inside = await read();
  const withoutDate = ({ headers: { date: _, ...headers }, ...rest }: typeof inside) => ({
    ...rest,
    headers,
  });
  expect(withoutDate(outside)).toEqual(withoutDate(inside));
  expect([outside.status, outside.headers['retry-after'], JSON.parse(outside.body).code]).toEqual([
    503,
    '1',
    'BUSY',
  ]);
  const lines = served.lines.map((line) => {
    const { time: _, milliseconds: __, ...facts } = JSON.parse(line);
    return facts;
  });
  expect(lines).toHaveLength(2);
  expect(lines[0]).toEqual(lines[1]);
  expect(lines[0]).toMatchObject({ route: '/v1/records/{record}/content', status: 503, code: 'BUSY' });
});

test('a connection goes on after such a refusal', async () => {
  const asked = `GET ${path} HTTP/1.1\r\nHost: gateway.example\r\nAuthorization: Bearer device\r\n`;
  const { status, body } = await exchange(served.port, `${asked}\r\n${asked}Connection: close\r\n\r\n`);
  expect([status, body.split('HTTP/1.1 503').length]).toEqual([503, 2]);
});

test.each([
  ['an emergency', ['Break-Glass: unconscious; text="x"'], '', 400],
  ['a browser', ['Origin: https://app.example'], '', 200],
  ['one with a body', [], 'x', 400],
])('%s is looked at as ever', async (_, headers, body, status) => {
  expect((await read(headers, { body })).status).toBe(status);
});

test('whoever has no token learns nothing of the crowd', async () => {
  const found = await served.ask({ path, headers: ['Authorization: Bearer nobody'] });
  expect(found.status).toBe(401);
});
