import {
  checkAssertion,
  checkDeviceProof,
  checkEnrolment,
  checkSignature,
  checkTime,
  readAssertion,
  readStatement,
} from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { canonicalJson, encodeBase64url, Failure, utf8Bytes } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { signJson, signTexts, statement, testKey } from '../../support/signing.ts';

const network = `demo-${'A'.repeat(43)}`;
const key = testKey();
const enc = testKey();
const other = testKey();
const now = 1_780_000_000;
const grantId = 'A'.repeat(43);
const skip = { act: 'skip', iss: key.id, aud: network, seq: 3, iat: now, exp: now + 300 };
const header = { alg: 'ES256', kid: key.id, typ: 'chartkey-statement+jwt' };
const codeOf = (work: () => unknown) => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof Failure ? error.code : `crashed: ${error}`;
  }
};

test('a well-made statement is read, and its id does not hang on its signature', () => {
  const first = readStatement(statement(skip, key));
  const second = readStatement(statement(skip, key));
  expect(first.payload).toEqual(skip);
  expect(first.id).toBe(second.id);
  expect(codeOf(() => checkSignature(first, key.publicJwk, network, checks))).toBe('accepted');
});

const text = canonicalJson(skip);
test.each<[string, string]>([
  ['no JWS at all', 'hello'],
  ['an empty text', ''],
  ['two parts', statement(skip, key).split('.').slice(0, 2).join('.')],
  ['four parts', `${statement(skip, key)}.AA`],
  ['padding in base64url', `${statement(skip, key)}=`],
  ['white space around', ` ${statement(skip, key)}`],
  ['a high s', signTexts(canonicalJson(header), text, key, 'high')],
  ['alg none', signTexts(canonicalJson({ ...header, alg: 'none' }), text, key)],
  ['alg HS256', signTexts(canonicalJson({ ...header, alg: 'HS256' }), text, key)],
  ['a header member more', signTexts(canonicalJson({ ...header, jku: 'https://x' }), text, key)],
  ['a critical header', signTexts(canonicalJson({ ...header, crit: ['exp'] }), text, key)],
  ['another typ', signTexts(canonicalJson({ ...header, typ: 'JWT' }), text, key)],
  ['an unknown member', statement({ ...skip, note: 'Jane Doe' }, key)],
  ['members out of order', signTexts(canonicalJson(header), JSON.stringify(skip), key)],
  ['white space in the payload', signTexts(canonicalJson(header), text.replace(',', ', '), key)],
  ['a duplicate member', signTexts(canonicalJson(header), text.replace('"seq":3', '"seq":3,"seq":3'), key)],
  ['a NUL', signTexts(canonicalJson(header), text.replace('skip', 'skip\u0000'), key)],
  ['a number as text', statement({ ...skip, seq: '3' }, key)],
  ['a fraction', statement({ ...skip, seq: 1.5 }, key)],
  ['sequence zero', statement({ ...skip, seq: 0 }, key)],
  ['an unknown verb', statement({ ...skip, act: 'eraseEverything' }, key)],
  ['a prototype member', signTexts(canonicalJson(header), text.replace('{', '{"__proto__":{},'), key)],
  ['a life of 601 s', statement({ ...skip, exp: now + 601 }, key)],
  ['an end before its start', statement({ ...skip, exp: now }, key)],
  ['more than 16 KiB', statement({ ...skip, iss: 'A'.repeat(17_000) }, key)],
  ['a payload that is an array', signTexts(canonicalJson(header), '[]', key)],
  ['deep nesting', signTexts(canonicalJson(header), '['.repeat(4000) + ']'.repeat(4000), key)],
  [
    'a date that does not exist',
    statement(
      {
        ...skip,
        act: 'grantConsent',
        grantee: { organisation: 'Lake' },
        scope: 'all',
        actions: ['read'],
        purposes: ['TREAT'],
        notAfter: '2026-02-30T00:00:00.000Z',
      },
      key,
    ),
  ],
  [
    'an action twice',
    statement(
      {
        ...skip,
        act: 'grantConsent',
        grantee: { organisation: 'Lake' },
        scope: 'all',
        actions: ['read', 'read'],
        purposes: ['TREAT'],
      },
      key,
    ),
  ],
])('%s is no statement', (_title, compact) => {
  expect(codeOf(() => readStatement(compact))).toBe('INVALID_STATEMENT');
});

test('no text crashes the reader', () => {
  const part = fc.oneof(
    fc.string().map((value) => encodeBase64url(utf8Bytes(value))),
    fc.json().map((value) => encodeBase64url(utf8Bytes(value))),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const compact = parts.join('.');
      expect(codeOf(() => readStatement(compact))).toBe('INVALID_STATEMENT');
      expect(codeOf(() => readAssertion(compact))).toBe('ASSERTION_INVALID');
    }),
  );
});

test.each<[string, () => void, string]>([
  [
    'for another network',
    () =>
      checkSignature(
        readStatement(statement({ ...skip, aud: 'B'.repeat(43) }, key)),
        key.publicJwk,
        network,
        checks,
      ),
    'WRONG_NETWORK',
  ],
  [
    'signed by another key',
    () => checkSignature(readStatement(signJson(header, skip, other)), key.publicJwk, network, checks),
    'SIGNATURE_INVALID',
  ],
  [
    'naming another key',
    () => checkSignature(readStatement(statement(skip, other)), key.publicJwk, network, checks),
    'SIGNATURE_INVALID',
  ],
  [
    'from the future',
    () => checkTime(readStatement(statement(skip, key)), (now - 61) * 1000),
    'STATEMENT_FROM_THE_FUTURE',
  ],
  ['a minute ahead', () => checkTime(readStatement(statement(skip, key)), (now - 60) * 1000), 'accepted'],
  [
    'in its last second',
    () => checkTime(readStatement(statement(skip, key)), (now + 300) * 1000),
    'accepted',
  ],
  ['expired', () => checkTime(readStatement(statement(skip, key)), (now + 301) * 1000), 'STATEMENT_EXPIRED'],
])('a statement %s is judged so', (_title, work, expected) => {
  expect(codeOf(work)).toBe(expected);
});

const enrolment = {
  act: 'enrolPatient',
  iss: key.id,
  aud: network,
  seq: 1,
  iat: now,
  exp: now + 300,
  sig: key.publicJwk,
  enc: enc.publicJwk,
};
test.each<[string, object, string]>([
  ['as it should be', {}, 'accepted'],
  ['with somebody else’s id', { iss: other.id }, 'INVALID_KEY'],
  ['with one key for both', { enc: key.publicJwk }, 'INVALID_KEY'],
  ['with a point off the curve', { enc: { ...enc.publicJwk, y: enc.publicJwk.x } }, 'INVALID_KEY'],
  ['with a private member', { sig: key.jwk }, 'INVALID_STATEMENT'],
  ['with an RSA key', { sig: testKey('RSA').publicJwk }, 'INVALID_STATEMENT'],
  ['with a number other than 1', { seq: 2 }, 'INVALID_STATEMENT'],
])('an enrolment %s', (_title, change, expected) => {
  const compact = statement({ ...enrolment, ...change }, key);
  expect(codeOf(() => checkEnrolment(readStatement(compact, 'enrolPatient'), network, checks))).toBe(
    expected,
  );
});

describe.each(['P-256', 'P-384', 'RSA'] as const)('a device with a key of type %s', (kind) => {
  const device = testKey(kind);
  const algorithm = kind === 'RSA' ? 'RS384' : kind === 'P-256' ? 'ES256' : 'ES384';
  const proof = {
    network,
    organisation: 'Lake',
    sig: device.publicJwk,
    enc: enc.publicJwk,
    use: 'ehr',
    exp: now + 600,
  };
  const approvalOf = (change: object = {}, signer = device, alg: string = algorithm) =>
    readStatement(
      statement(
        {
          act: 'approveDevice',
          iss: 'Lake',
          aud: network,
          seq: 1,
          iat: now,
          exp: now + 300,
          device: signJson({ alg, typ: 'chartkey-device+jwt' }, { ...proof, ...change }, signer),
        },
        key,
      ),
      'approveDevice',
    );

  test.each<[string, () => void, string]>([
    ['proves itself', () => checkDeviceProof(approvalOf(), network, now * 1000, checks), 'accepted'],
    [
      'of another organisation',
      () => checkDeviceProof(approvalOf({ organisation: 'River' }), network, now * 1000, checks),
      'INVALID_PROOF',
    ],
    [
      'for another network',
      () => checkDeviceProof(approvalOf({ network: 'B'.repeat(43) }), network, now * 1000, checks),
      'INVALID_PROOF',
    ],
    [
      'signed by another key',
      () => checkDeviceProof(approvalOf({}, testKey(kind)), network, now * 1000, checks),
      'INVALID_PROOF',
    ],
    ['expired', () => checkDeviceProof(approvalOf(), network, (now + 601) * 1000, checks), 'INVALID_PROOF'],
    [
      'good for more than a day',
      () => checkDeviceProof(approvalOf({ exp: now + 90_000 }), network, now * 1000, checks),
      'INVALID_PROOF',
    ],
    [
      'with another algorithm',
      () =>
        checkDeviceProof(
          approvalOf({}, device, algorithm === 'RS384' ? 'ES256' : 'RS384'),
          network,
          now * 1000,
          checks,
        ),
      'INVALID_PROOF',
    ],
    [
      'with alg none',
      () => checkDeviceProof(approvalOf({}, device, 'none'), network, now * 1000, checks),
      'INVALID_PROOF',
    ],
  ])('%s', (_title, work, expected) => {
    expect(codeOf(work)).toBe(expected);
  });

  const url = 'http://127.0.0.1:7001/v1/oauth/token';
  const b2b = {
    version: '1',
    organization_id: 'Lake',
    subject_id: 'a'.repeat(26),
    subject_role: 'physician',
    purpose_of_use: ['TREAT'],
  };
  const claims = {
    iss: device.id,
    sub: device.id,
    aud: url,
    jti: 'b'.repeat(26),
    iat: now,
    exp: now + 300,
    extensions: { 'hl7-b2b': b2b },
  };
  const assert = (change: object = {}, signer = device, head: object = {}) =>
    signTexts(
      JSON.stringify({ typ: 'JWT', alg: algorithm, kid: device.id, ...head }),
      JSON.stringify({ ...claims, ...change }),
      signer,
    );
  const judge = (compact: string, time = now) =>
    checkAssertion(readAssertion(compact), device.publicJwk, url, time * 1000, checks);

  test.each<[string, () => void, string]>([
    ['is accepted', () => judge(assert()), 'accepted'],
    ['by another key', () => judge(assert({}, testKey(kind))), 'ASSERTION_INVALID'],
    ['for another gateway', () => judge(assert({ aud: `${url}2` })), 'ASSERTION_MISADDRESSED'],
    ['expired', () => judge(assert(), now + 301), 'ASSERTION_EXPIRED'],
    ['from the future', () => judge(assert(), now - 61), 'ASSERTION_EXPIRED'],
    ['that lives too long', () => judge(assert({ exp: now + 301 })), 'ASSERTION_EXPIRED'],
    ['with a name in it', () => judge(assert({ name: 'Jane Doe' })), 'ASSERTION_INVALID'],
    [
      'with a member more in the extension',
      () => judge(assert({ extensions: { 'hl7-b2b': { ...b2b, subject_name: 'Jane' } } })),
      'ASSERTION_INVALID',
    ],
    [
      'with a purpose twice',
      () => judge(assert({ extensions: { 'hl7-b2b': { ...b2b, purpose_of_use: ['TREAT', 'TREAT'] } } })),
      'ASSERTION_INVALID',
    ],
    ['with two issuers', () => judge(assert({ sub: key.id })), 'ASSERTION_INVALID'],
    ['with alg none', () => judge(assert({}, device, { alg: 'none' })), 'ASSERTION_INVALID'],
    ['with alg HS256', () => judge(assert({}, device, { alg: 'HS256' })), 'ASSERTION_INVALID'],
    [
      'with a duplicate member',
      () =>
        judge(
          signTexts(
            JSON.stringify({ typ: 'JWT', alg: algorithm, kid: device.id }),
            JSON.stringify(claims).replace('{"iss"', '{"iss":"x","iss"'),
            device,
          ),
        ),
      'ASSERTION_INVALID',
    ],
  ])('an assertion %s', (_title, work, expected) => {
    expect(codeOf(work)).toBe(expected);
  });
});

test('a revocation names no sequence, and one with a sequence is no statement', () => {
  const revoke = {
    act: 'revokeConsent',
    iss: key.id,
    aud: network,
    iat: now,
    exp: now + 300,
    grant: grantId,
  };
  expect(codeOf(() => readStatement(statement(revoke, key), 'revokeConsent'))).toBe('accepted');
  expect(codeOf(() => readStatement(statement({ ...revoke, seq: 4 }, key)))).toBe('INVALID_STATEMENT');
  expect(codeOf(() => readStatement(statement(revoke, key), 'skip'))).toBe('INVALID_STATEMENT');
});
