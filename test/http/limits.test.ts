import { digest, Failure } from '@chartkey/vocabulary';
import { patient } from './support/memory-gateway.ts';
import { type Answered, type Served, serve } from './support/served.ts';

let served: Served;
afterEach(() => served.stop());

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const statement = (kid: string, act: string) => ({
  method: 'POST',
  path: '/v1/statements',
  headers: ['Content-Type: application/jose'],
  body: `${part({ kid })}.${part(unnumbered.has(act) ? { act } : { act, seq: 1 })}.c2ln`,
});
const unnumbered = new Set(['revokeConsent', 'revokeDevice', 'withdrawApproval', 'freeze']);
const [one, two] = [digest('one'), digest('two')];

function expectTooMany(found: Answered): void {
  expect([found.status, JSON.parse(found.body).code]).toEqual([429, 'TOO_MANY_REQUESTS']);
  expect(Number(found.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(found.body).retryAfter).toBeUndefined();
}

test('a signer has its share of statements, revocations have their own, others have theirs', async () => {
  served = await serve({ statementsPerSigner: 2, revocationsPerSigner: 1 });
  expect((await served.ask(statement(one, 'grantConsent'))).status).toBe(201);
  expect((await served.ask(statement(one, 'grantConsent'))).status).toBe(201);
  expectTooMany(await served.ask(statement(one, 'grantConsent')));
  expect((await served.ask(statement(one, 'revokeConsent'))).status).toBe(201);
  for (const act of unnumbered) expectTooMany(await served.ask(statement(one, act)));
  expect((await served.ask(statement(two, 'grantConsent'))).status).toBe(201);
});

test('statements that do not verify cost nobody their share', async () => {
  served = await serve({ statementsPerSigner: 1 });
  for (let time = 0; time < 3; time += 1) {
    served.gateway.fails = new Failure('SIGNATURE_INVALID');
    expect((await served.ask(statement(one, 'grantConsent'))).status).toBe(400);
  }
  expect((await served.ask(statement(one, 'grantConsent'))).status).toBe(201);
  expectTooMany(await served.ask(statement(one, 'grantConsent')));
});

test('what others send in a signer’s name, or send again, costs the signer nothing', async () => {
  served = await serve({ revocationsPerSigner: 1 });
  for (const code of [
    'PATIENT_UNKNOWN',
    'STALE_SEQUENCE',
    'TOO_MANY_REQUESTS',
    'LEDGER_UNAVAILABLE',
  ] as const) {
    served.gateway.fails = new Failure(code);
    expect((await served.ask(statement(one, 'revokeConsent'))).status).toBeGreaterThanOrEqual(400);
  }
  expect((await served.ask(statement(one, 'revokeConsent'))).status).toBe(201);
});

test('an address has its share of statements, whoever signed them', async () => {
  served = await serve({ statementsPerAddress: 2 });
  expect((await served.ask(statement(one, 'skip'))).status).toBe(201);
  expect((await served.ask(statement(two, 'skip'))).status).toBe(201);
  expectTooMany(await served.ask(statement(digest('three'), 'skip')));
});

test('an address has its share of tokens', async () => {
  served = await serve({ tokensPerAddress: 1 });
  const headers = ['Content-Type: application/x-www-form-urlencoded'];
  const asking = { method: 'POST', path: '/v1/oauth/token', headers, body: 'grant_type=x' };
  expect((await served.ask(asking)).status).toBe(400);
  expectTooMany(await served.ask(asking));
});

test('a caller has its share of requests, another caller has its own', async () => {
  served = await serve({ requestsPerCaller: 1 });
  const asking = (token: string) => ({
    path: '/v1/organisations',
    headers: [`Authorization: Bearer ${token}`],
  });
  expect((await served.ask(asking('device'))).status).toBe(200);
  expectTooMany(await served.ask(asking('device')));
  expect((await served.ask(asking('insurer'))).status).toBe(200);
});

test('a device has so many words about emergencies kept, for patients of whom it needs to know nothing', async () => {
  served = await serve({ reasonsPerCaller: 1 });
  const asking = (token: string) => ({
    ...{ method: 'POST', path: `/v1/break-glass-reasons?patient=${patient}` },
    headers: [`Authorization: Bearer ${token}`, 'Content-Type: application/json'],
    body: JSON.stringify({ words: 'unconscious' }),
  });
  expect((await served.ask(asking('device'))).status).toBe(201);
  expectTooMany(await served.ask(asking('device')));
  expect((await served.ask(asking('insurer'))).status).toBe(201);
});

test('an address has its share of everything', async () => {
  served = await serve({ requestsPerAddress: 1 });
  expect((await served.ask({ path: '/health/live' })).status).toBe(200);
  expectTooMany(await served.ask({ path: '/health/live' }));
});
