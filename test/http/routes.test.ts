import { Failure } from '@chartkey/vocabulary';
import { access, patient, record, transaction } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());
beforeEach(() => Object.assign(served.gateway, { fails: undefined, refuses: false }));

const as = (token: string) => [`Authorization: Bearer ${token}`];

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
  ['/v1/approvals', 'patient'],
  [`/v1/approvals?patient=${patient}&cursor=${patient}`, 'patient'],
  [`/v1/approvals/${patient}`, 'device'],
  ['/v1/organisations', 'insurer'],
  ['/v1/organisations/RiversideMSP', 'patient'],
  ['/v1/organisations/RiversideMSP/devices', 'device'],
  [`/v1/organisations/RiversideMSP/devices/${patient}`, 'patient'],
  ['/v1/break-glass', 'device'],
  ['/v1/break-glass?organisation=RiversideMSP', 'regulator'],
  [`/v1/break-glass/${patient}`, 'patient'],
  [`/v1/patients/${patient}/break-glass`, 'patient'],
  [`/v1/patients/${patient}/emergency-card`, 'device'],
  [`/v1/practitioners/${patient}`, 'device'],
  ['/v1/disputes', 'regulator'],
  ['/v1/audit/accesses?decision=denied&from=2026-01-01T00:00:00.000Z', 'regulator'],
])('GET %s answers JSON to %s, and says which ledger it stands on', async (path, who) => {
  const found = await served.ask({ path, headers: who === 'nobody' ? [] : as(who) });
  expect(found.status).toBe(200);
  expect(found.headers['chartkey-ledger']).toBe('embedded');
  expect(found.headers['x-content-type-options']).toBe('nosniff');
  expect(found.headers['content-type']).toBe('application/json');
  expect(JSON.parse(found.body)).toMatchObject({});
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

test.each([
  ['a patient reading content', 'patient', `/v1/records/${record}/content`, 'END_TO_END_ONLY'],
  ['a patient asking for another’s events', 'patient', `/v1/patients/${'A'.repeat(43)}/events`, 'NOT_YOURS'],
  ['a hospital asking for a patient’s accesses', 'device', `/v1/patients/${patient}/accesses`, 'NOT_YOURS'],
  ['an insurer asking for a patient’s grants', 'insurer', `/v1/patients/${patient}/grants`, 'NOT_YOURS'],
  ['a hospital searching the trail', 'device', '/v1/audit/accesses', 'REGULATORS_ONLY'],
  ['a patient searching the trail', 'patient', '/v1/audit/accesses', 'REGULATORS_ONLY'],
  ['a hospital asking for disputes', 'device', '/v1/disputes', 'REGULATORS_ONLY'],
  ['a patient asking for what awaits a review', 'patient', '/v1/break-glass', 'DEVICES_ONLY'],
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

describe('breaking glass', () => {
  const keep = (body: unknown, who = 'device') =>
    served.ask({
      method: 'POST',
      path: `/v1/break-glass-reasons?patient=${patient}`,
      headers: [...as(who), 'Content-Type: application/json'],
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  test('the words about it are kept for a device, and nobody learns more than their hash', async () => {
    const kept = await keep({ words: 'found without pulse' });
    expect([kept.status, Object.keys(JSON.parse(kept.body))]).toEqual([201, ['text']]);
    expect(JSON.parse((await keep({ words: 'x' }, 'patient')).body).code).toBe('DEVICES_ONLY');
  });

  test.each([
    ['no words', {}],
    ['blank words', { words: '  ' }],
    ['too many words', { words: 'x'.repeat(2001) }],
    ['something beside them', { words: 'x', patient }],
    ['no JSON', 'words'],
  ])('%s are refused', async (_what, body) => {
    expect(JSON.parse((await keep(body)).body).code).toBe('INVALID_REQUEST');
  });

  const glass = (header: string) =>
    served.ask({
      path: `/v1/records/${record}/content`,
      headers: [...as('device'), `Break-Glass: ${header}`],
    });

  test('what it is broken with comes with the read: one statement, or two', async () => {
    expect((await glass('e30.e30.c2ln')).status).toBe(200);
    expect((await glass('e30.e30.c2ln, e30.e30.c2ln')).status).toBe(200);
    for (const malformed of ['e30', 'e30.e30.c2ln;e30.e30.c2ln', 'e30.e30.c2ln,e30.e30.c2ln,e30.e30.c2ln']) {
      expect(JSON.parse((await glass(malformed)).body)).toMatchObject({ code: 'INVALID_REQUEST' });
    }
    served.gateway.fails = new Failure('ROLE_NOT_ALLOWED');
    expect(JSON.parse((await glass('e30.e30.c2ln')).body)).toMatchObject({ code: 'ROLE_NOT_ALLOWED' });
  });
});

test('releases without the ledger, and their witness, take exactly what they name', async () => {
  const post = (path: string, type: string, body: string) =>
    served.ask({ method: 'POST', path, headers: [`Content-Type: ${type}`], body });
  const codeOf = ({ status, body }: { status: number; body: string }) => `${status} ${JSON.parse(body).code}`;
  const local = (body: object) =>
    post('/v1/emergency-releases', 'application/json', JSON.stringify(body)).then(codeOf);
  const jws = 'e30.e30.c2ln';
  expect(await local({ opening: jws, second: jws, request: jws })).toBe('403 LOCAL_RELEASE_OFF');
  expect(await local({ opening: jws, request: jws })).toBe('400 INVALID_REQUEST');
  expect(await local({ opening: jws, second: jws, request: jws, record })).toBe('400 INVALID_REQUEST');
  const witness = (body: string) => post('/v1/emergency-entries', 'application/jose', body);
  expect((await witness(jws)).status).toBe(201);
  expect(codeOf(await witness('no entry'))).toBe('400 LATE_ENTRY_INVALID');
});
