import { Failure } from '@chartkey/vocabulary';
import { type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());

const as = (token: string) => [`Authorization: Bearer ${token}`];
const assertion = 'e30.e30.c2ln';
const form = `grant_type=client_credentials&client_assertion_type=${encodeURIComponent(
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
)}&client_assertion=${assertion}&scope=system/*.rs`;
const formHeaders = ['Content-Type: application/x-www-form-urlencoded'];
const statement = (act: string) =>
  `e30.${Buffer.from(JSON.stringify({ act })).toString('base64url')}.${Buffer.from('sig').toString('base64url')}`;

test('a client assertion brings a token that nobody may cache', async () => {
  const found = await served.ask({
    method: 'POST',
    path: '/v1/oauth/token',
    headers: formHeaders,
    body: form,
  });
  expect(JSON.parse(found.body)).toEqual({ access_token: 'device', token_type: 'Bearer', expires_in: 300 });
  expect(found.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
});

test.each([
  ['a missing grant type', form.replace('grant_type', 'grant'), 400, 'invalid_request'],
  ['a missing assertion', 'grant_type=client_credentials', 400, 'invalid_request'],
  ['a repeated parameter', `${form}&grant_type=client_credentials`, 400, 'invalid_request'],
  ['broken encoding', `${form}&x=%zz`, 400, 'invalid_request'],
  ['another grant type', form.replace('client_credentials', 'password'), 400, 'unsupported_grant_type'],
  ['another assertion type', form.replace('jwt-bearer', 'saml2'), 401, 'invalid_client'],
  ['an assertion that is no JWT', form.replace(assertion, 'nonsense'), 401, 'invalid_client'],
])('the token endpoint answers %s in the words of RFC 6749', async (_what, body, status, error) => {
  const found = await served.ask({ method: 'POST', path: '/v1/oauth/token', headers: formHeaders, body });
  expect([found.status, JSON.parse(found.body).error]).toEqual([status, error]);
  expect(JSON.parse(found.body).error_description).toMatch(/^[\x20-\x7e]+$/);
});

test.each([
  ['ASSERTION_REPLAYED', 401],
  ['DEVICE_REVOKED', 401],
  ['SIGNATURE_INVALID', 401],
] as const)('an assertion refused with %s is an invalid client', async (code, status) => {
  served.gateway.fails = new Failure(code);
  const found = await served.ask({
    method: 'POST',
    path: '/v1/oauth/token',
    headers: formHeaders,
    body: form,
  });
  expect(found.status).toBe(status);
  expect(JSON.parse(found.body)).toMatchObject({ error: 'invalid_client', code });
});

test('a statement is accepted without a token, and with an outdated one', async () => {
  for (const headers of [[], as('outdated')]) {
    const found = await served.ask({
      method: 'POST',
      path: '/v1/statements',
      headers: ['Content-Type: application/jose', ...headers],
      body: statement('revokeConsent'),
    });
    expect([found.status, JSON.parse(found.body).act]).toEqual([201, 'revokeConsent']);
  }
});

test('an enrolment asks for a token, and calls an outdated one by its name', async () => {
  const asking = { method: 'POST', path: '/v1/statements', body: statement('enrolPatient') };
  const type = 'Content-Type: application/jose';
  const without = await served.ask({ ...asking, headers: [type] });
  expect([without.status, JSON.parse(without.body).code]).toEqual([401, 'TOKEN_REQUIRED']);
  expect(without.headers['www-authenticate']).toBe('Bearer realm="chartkey"');
  const outdated = await served.ask({ ...asking, headers: [type, ...as('outdated')] });
  expect([outdated.status, JSON.parse(outdated.body).code]).toEqual([401, 'TOKEN_INVALID']);
  expect(outdated.headers['www-authenticate']).toContain('error="invalid_token"');
});

test('a conflict says what it knows in members of their own', async () => {
  served.gateway.fails = new Failure('STALE_SEQUENCE', { expected: '5' });
  const found = await served.ask({
    method: 'POST',
    path: '/v1/statements',
    headers: ['Content-Type: application/jose'],
    body: statement('grantConsent'),
  });
  expect([found.status, JSON.parse(found.body).expected]).toEqual([409, 5]);
});

test('a carried statement says where it stands already, and has its first outcome with 200', async () => {
  const carried = 'c'.repeat(64);
  const asking = {
    method: 'POST',
    headers: ['Content-Type: application/jose'],
    body: statement('revokeConsent'),
  };
  const found = await served.ask({ ...asking, path: `/v1/statements?transaction=${carried}` });
  expect([found.status, JSON.parse(found.body)]).toMatchObject([
    200,
    { transaction: carried, receipt: 'e30.e30.c2ln' },
  ]);
  const wrong = await served.ask({ ...asking, path: '/v1/statements?transaction=yesterday' });
  expect([wrong.status, JSON.parse(wrong.body).code]).toEqual([400, 'INVALID_REQUEST']);
});
