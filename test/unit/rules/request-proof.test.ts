import { checkRequestProof, type ExpectedRequest, readRequest, requestId } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { canonicalJson, Failure } from '@chartkey/vocabulary';
import { signJson, signTexts, type TestKey, testKey, withS } from '../../support/signing.ts';

const network = `demo-${'A'.repeat(43)}`;
const session = 'S'.repeat(42).concat('A');
const record = 'a'.repeat(26);
const now = 1_780_000_000;
const key = testKey();
const claims = {
  aud: network,
  exp: now + 60,
  iat: now,
  jti: 'b'.repeat(26),
  purpose: 'PATRQT',
  record,
  session,
  version: 2,
};
const header = (by: TestKey = key, alg = 'ES256') => ({ alg, kid: by.id, typ: 'chartkey-request+jwt' });
const request = (change: object = {}, by = key, head: object = header(by)) =>
  signJson(head, { ...claims, ...change }, by);
const expected: ExpectedRequest = {
  item: { kind: 'read', session, record, version: 2, purpose: 'PATRQT' },
  key: key.publicJwk,
  network,
  time: now * 1000,
  checks,
};
const verdict = (text: string, change: Partial<ExpectedRequest> = {}) => {
  try {
    checkRequestProof(text, { ...expected, ...change });
    return 'proven';
  } catch (error) {
    return error instanceof Failure ? error.code : `crashed: ${error}`;
  }
};
const of = (change: Partial<ExpectedRequest['item']>) => ({ item: { ...expected.item, ...change } });

test.each([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['RSA', 'RS384'],
] as const)('a reader with a %s key proves a read', (kind, alg) => {
  const reader = testKey(kind);
  expect(verdict(request({}, reader, header(reader, alg)), { key: reader.publicJwk })).toBe('proven');
});

test('the newest version is asked for by naming none', () => {
  const { version: _, ...newest } = claims;
  const text = signJson(header(), newest, key);
  const { version: _version, ...item } = expected.item;
  expect(verdict(text, { item })).toBe('proven');
  expect(verdict(text)).toBe('REQUEST_PROOF_INVALID');
  expect(verdict(request(), { item })).toBe('REQUEST_PROOF_INVALID');
});

test.each<[string, number, string]>([
  ['60 s before it was made, since clocks differ', -60, 'proven'],
  ['61 s before', -61, 'REQUEST_PROOF_INVALID'],
  ['in its last second', 60, 'proven'],
  ['held back longer', 60.001, 'REQUEST_PROOF_INVALID'],
])('a request is taken %s: %s s on', (_when, seconds, code) => {
  expect(verdict(request(), { time: (now + seconds) * 1000 })).toBe(code);
});

const other = testKey();
test.each<[string, () => string, Partial<ExpectedRequest>?]>([
  ['for another session', () => request({ session: 'T'.repeat(42).concat('A') })],
  ['for another record', () => request({ record: 'c'.repeat(26) })],
  ['for another version', () => request({ version: 1 })],
  ['for another purpose', () => request({ purpose: 'TREAT' })],
  ['for another network', () => request({ aud: `demo-${'B'.repeat(42)}A` })],
  ['borrowed for another record', request, of({ record: 'c'.repeat(26) })],
  ['borrowed for another version', request, of({ version: 3 })],
  ['borrowed for another purpose', request, of({ purpose: 'ETREAT' })],
  ['borrowed for another session', request, of({ session: 'T'.repeat(42).concat('A') })],
  ['by another key', () => request({}, other)],
  ['by another key in the reader’s name', () => request({}, other, header())],
  ['by the reader’s key in another’s name', () => request({}, key, header(other)), { key: other.publicJwk }],
  ['with another algorithm’s name', () => request({}, key, header(key, 'ES384'))],
  [
    'with the signature of another',
    () =>
      `${request().split('.').slice(0, 2).join('.')}.${request().split('.')[2]?.split('').reverse().join('')}`,
  ],
  ['without a signature', () => `${request().split('.').slice(0, 2).join('.')}.`],
  ['alg none', () => request({}, key, { ...header(), alg: 'none' })],
  ['a statement’s typ', () => request({}, key, { ...header(), typ: 'chartkey-statement+jwt' })],
  ['a release proof’s typ', () => request({}, key, { ...header(), typ: 'chartkey-release+jwt' })],
  ['a key in its header', () => request({}, key, { ...header(), jwk: key.publicJwk })],
  ['a claim more', () => request({ note: 'x' })],
  ['no jti', () => request({ jti: undefined })],
  ['61 s of life', () => request({ exp: now + 61 })],
  ['an end before its beginning', () => request({ iat: now + 1, exp: now })],
  ['a purpose of nobody’s list', () => request({ purpose: 'CURIOSITY' })],
  ['a version zero', () => request({ version: 0 })],
  [
    'a claim that stands twice',
    () =>
      signTexts(canonicalJson(header()), canonicalJson(claims).replace('{', `{"record":"${record}",`), key),
  ],
  ['no JWS', () => 'hello'],
  ['more than 4 KiB', () => request({ jti: 'b'.repeat(4_100) })],
])('a request %s proves nothing', (_what, make, change = {}) => {
  expect(verdict(make(), change)).toBe('REQUEST_PROOF_INVALID');
});

test('a request is one and the same however its signature is written', () => {
  const text = request();
  const [head, payload, signature = ''] = text.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const twin = `${head}.${payload}.${withS(bytes, 'high').toString('base64url')}`;
  expect(twin).not.toBe(text);
  expect(verdict(twin)).toBe('proven');
  expect(requestId(twin)).toBe(requestId(text));
  expect(requestId(request({ jti: 'c'.repeat(26) }))).not.toBe(requestId(text));
  expect(readRequest(twin).claims).toEqual(claims);
});
