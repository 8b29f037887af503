import { record } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());
beforeEach(() => Object.assign(served.gateway, { fails: undefined, refuses: false }));

const asks = (body: string, token = 'device', type = 'application/json') =>
  served.ask({
    method: 'POST',
    path: '/v1/approvals',
    headers: [`Authorization: Bearer ${token}`, `Content-Type: ${type}`],
    body,
  });

test('approvals are asked for with 201 and a place, and what was asked before answers 200', async () => {
  const first = await asks(JSON.stringify({ record, purpose: 'TREAT' }));
  const { request, subject } = JSON.parse(first.body);
  expect([first.status, first.headers['location']]).toEqual([201, `/v1/approvals/${request}`]);
  expect(subject).toMatchObject({ kind: 'access', record });
  served.gateway.refuses = true;
  expect((await asks(JSON.stringify({ record }))).status).toBe(200);
});

test.each<[string, string, number, string]>([
  ['no record', '{}', 400, 'INVALID_REQUEST'],
  ['a record that is none', '{"record":"../../etc"}', 400, 'INVALID_REQUEST'],
  ['a purpose nobody knows', JSON.stringify({ record, purpose: 'CURIOSITY' }), 400, 'INVALID_REQUEST'],
  ['a member more', JSON.stringify({ record, why: 'Jane Doe' }), 400, 'INVALID_REQUEST'],
  ['a member twice', `{"record":"${record}","record":"${record}"}`, 400, 'INVALID_REQUEST'],
  ['no JSON', 'record', 400, 'INVALID_REQUEST'],
  ['more than it takes', JSON.stringify({ record, pad: 'x'.repeat(1024) }), 413, 'BODY_TOO_LARGE'],
])('a body with %s is refused before the ledger is asked', async (_what, body, status, code) => {
  served.gateway.fails = new Error('the ledger was asked');
  const found = await asks(body);
  expect([found.status, JSON.parse(found.body).code]).toEqual([status, code]);
});

test('a patient does not ask for approvals, and another media type is not taken', async () => {
  const body = JSON.stringify({ record });
  const byPatient = await asks(body, 'patient');
  expect([byPatient.status, JSON.parse(byPatient.body).code]).toEqual([403, 'DEVICES_ONLY']);
  expect((await asks(body, 'device', 'text/plain')).status).toBe(415);
  expect((await asks(body, 'nobody')).status).toBe(401);
});

test.each([
  '/v1/approvals/none',
  '/v1/approvals?patient=none',
  '/v1/approvals?cursor=.',
  '/v1/approvals?x=1',
])('GET %s has no such form', async (path) => {
  const found = await served.ask({ path, headers: ['Authorization: Bearer patient'] });
  expect(found.status).toBe(400);
});
