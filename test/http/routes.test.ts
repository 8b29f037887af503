import { createHash } from 'node:crypto';
import { Failure } from '@chartkey/vocabulary';
import { access, content, patient, record, transaction } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());
beforeEach(() => Object.assign(served.gateway, { fails: undefined, refuses: false }));

const as = (token: string) => [`Authorization: Bearer ${token}`];
const assertion = 'e30.e30.c2ln';
const form = `grant_type=client_credentials&client_assertion_type=${encodeURIComponent(
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
)}&client_assertion=${assertion}&scope=system/*.rs`;
const formHeaders = ['Content-Type: application/x-www-form-urlencoded'];
const statement = (act: string) =>
  `e30.${Buffer.from(JSON.stringify({ act })).toString('base64url')}.${Buffer.from('sig').toString('base64url')}`;

test.each([
  ['/.well-known/smart-configuration', 'nobody'],
  ['/.well-known/chartkey', 'nobody'],
  ['/openapi.json', 'nobody'],
  ['/health/live', 'nobody'],
  ['/health/ready', 'nobody'],
  [`/v1/records/${record}`, 'device'],
  [`/v1/patients/${patient}`, 'patient'],
  [`/v1/patients/${patient}/records?cursor=abc`, 'device'],
  [`/v1/patients/${patient}/grants`, 'patient'],
  [`/v1/patients/${patient}/accesses`, 'regulator'],
  ['/v1/organisations', 'insurer'],
  ['/v1/organisations/RiversideMSP', 'patient'],
  ['/v1/organisations/RiversideMSP/devices', 'device'],
  ['/v1/audit/accesses?decision=denied&from=2026-01-01T00:00:00.000Z', 'regulator'],
])('GET %s answers JSON to %s, and says which ledger it stands on', async (path, who) => {
  const found = await served.ask({ path, headers: who === 'nobody' ? [] : as(who) });
  expect(found.status).toBe(200);
  expect(found.headers['chartkey-ledger']).toBe('embedded');
  expect(found.headers['x-content-type-options']).toBe('nosniff');
  expect(found.headers['content-type']).toBe('application/json');
  expect(JSON.parse(found.body)).toMatchObject({});
});

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

test('a record is stored with 201 and its place, and again with 200', async () => {
  const upload = (key: string) =>
    served.ask({
      method: 'POST',
      path: `/v1/records?patient=${patient}`,
      headers: [...as('device'), `Idempotency-Key: ${key}`, 'Content-Type: application/fhir+json'],
      body: '{}',
    });
  const first = await upload('once');
  expect([first.status, first.headers['location']]).toEqual([201, `/v1/records/${record}`]);
  expect((await upload('again')).status).toBe(200);
});

test('content is served as stored, with its digest, its access and no way to run it', async () => {
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers: as('device') });
  expect([found.status, found.body]).toEqual([200, '0123456789']);
  expect(found.headers).toMatchObject({
    'content-type': 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1',
    'content-length': '10',
    etag: '"1"',
    'repr-digest': `sha-256=:${createHash('sha256').update(content).digest('base64')}:`,
    'access-id': access,
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=5-99999999999999999999', 206, '56789', 'bytes 5-9/10'],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['lines=1-2', 200, '0123456789', undefined],
])('Range %s is answered %i', async (range, status, body, contentRange) => {
  const headers = [...as('device'), `Range: ${range}`];
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers });
  expect([found.status, found.body, found.headers['content-range']]).toEqual([status, body, contentRange]);
});

test('a range beyond the end hears how long the content is', async () => {
  const headers = [...as('device'), 'Range: bytes=10-'];
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers });
  expect([found.status, found.headers['content-range']]).toEqual([416, 'bytes */10']);
});

test('a refused read names its entry', async () => {
  served.gateway.refuses = true;
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers: as('device') });
  expect(found.status).toBe(403);
  expect(JSON.parse(found.body)).toMatchObject({ code: 'NO_GRANT', status: 403, access });
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

test.each([
  ['a patient reading content', 'patient', `/v1/records/${record}/content`, 'END_TO_END_ONLY'],
  [
    'a patient asking for another’s accesses',
    'patient',
    `/v1/patients/${'A'.repeat(43)}/accesses`,
    'NOT_YOURS',
  ],
  ['a hospital asking for a patient’s accesses', 'device', `/v1/patients/${patient}/accesses`, 'NOT_YOURS'],
  ['an insurer asking for a patient’s grants', 'insurer', `/v1/patients/${patient}/grants`, 'NOT_YOURS'],
  ['a hospital searching the trail', 'device', '/v1/audit/accesses', 'REGULATORS_ONLY'],
  ['a patient searching the trail', 'patient', '/v1/audit/accesses', 'REGULATORS_ONLY'],
])('%s is refused without an entry', async (_what, who, path, code) => {
  const found = await served.ask({ path, headers: as(who) });
  expect([found.status, JSON.parse(found.body).code]).toEqual([403, code]);
  expect(JSON.parse(found.body).access).toBeUndefined();
});

test('a release goes to another gateway’s proof, and its sealed bytes by ranges', async () => {
  const proof = as('e30.e30.c2ln');
  const headers = [...proof, 'Content-Type: application/json'];
  const released = await served.ask({
    method: 'POST',
    path: '/v1/releases',
    headers,
    body: JSON.stringify({ access }),
  });
  expect(JSON.parse(released.body)).toMatchObject({ access, leaves: 'AAAA' });
  const path = `/v1/releases/${transaction}:0/sealed`;
  expect((await served.ask({ path, headers: proof })).body).toBe('0123456789');
  const part = await served.ask({ path, headers: [...proof, 'Range: bytes=0-3'] });
  expect([part.status, part.body, part.headers['content-range']]).toEqual([206, '0123', 'bytes 0-3/10']);
});

test('what nobody foresaw is BROKEN with an instance, and its message stays inside', async () => {
  served.gateway.fails = new Error('canary-in-an-error');
  const found = await served.ask({ path: `/v1/records/${record}`, headers: as('device') });
  expect(JSON.parse(found.body)).toMatchObject({
    code: 'BROKEN',
    instance: expect.stringMatching(/^urn:uuid:/),
  });
  expect(found.body + served.lines.join('')).not.toContain('canary-in-an-error');
  expect(served.lines.join('')).toContain(JSON.parse(found.body).instance);
});

test('a gateway that cannot serve says why and when to ask again', async () => {
  served.gateway.refuses = true;
  const found = await served.ask({ path: '/health/ready' });
  expect([found.status, found.headers['retry-after']]).toEqual([503, '2']);
  expect(JSON.parse(found.body).reasons).toEqual(['the ledger cannot be reached']);
});

test('the page that shows the document loads nothing from elsewhere', async () => {
  const page = await served.ask({ path: '/docs' });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
  expect(page.body).not.toMatch(/https?:/);
  for (const [, path] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect([path, (await served.ask({ path: path ?? '' })).status]).toEqual([path, 200]);
  }
});

test('HEAD goes where looking leaves no trace', async () => {
  const found = await served.ask({ method: 'HEAD', path: '/.well-known/chartkey' });
  expect([found.status, found.body]).toEqual([200, '']);
});
