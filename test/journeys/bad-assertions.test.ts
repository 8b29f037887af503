import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, freshId, keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts, statement, type TestKey, testKey } from '../support/signing.ts';
import { Cast, deviceFacts, jsonOf } from './cast.ts';
import { misspelt, signBytes, unsigned, withPart, withPublicKeyAsSecret } from './forgery.ts';
import * as client from './independent-client.ts';
import { noToken, refused } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
const { network, river, lake } = cast;
const device = testKey();
let patient: LedgerPatient;

/** Has a device approved by Riverside. */
async function approve(key: TestKey, validUntil?: string): Promise<void> {
  const header = {
    alg: key.publicJwk.kty === ('RSA' as string) ? 'RS384' : 'ES256',
    typ: 'chartkey-device+jwt',
  };
  const proof = signJson(header, deviceFacts(network, river.id, key), key);
  const facts = { act: 'approveDevice', device: proof, ...(validUntil !== undefined && { validUntil }) };
  const answer = await cast.sayAs(river, (seq) =>
    statement({ iss: river.id, aud: network, seq, ...facts }, keyOf(river.masterKey)),
  );
  expect(answer.status).toBe(201);
}
const revoke = (key: TestKey) =>
  cast.say(
    statement({ iss: river.id, aud: network, act: 'revokeDevice', device: key.id }, keyOf(river.masterKey)),
  );

beforeAll(async () => {
  await approve(device);
  patient = await cast.patient(await cast.token(river, { device }));
});

const now = () => Math.floor(Date.now() / 1000);
const header = (key = device) => ({ alg: 'ES256', kid: key.id, typ: 'JWT' });
const practice = () => ({
  version: '1',
  organization_id: river.id,
  subject_id: freshId(),
  subject_role: 'physician',
  purpose_of_use: ['TREAT'],
});
const claims = (key = device) => ({
  iss: key.id,
  sub: key.id,
  aud: river.tokenUrl,
  jti: freshId(),
  iat: now(),
  exp: now() + 300,
});
const payload = (change: object = {}, key = device) => ({
  ...claims(key),
  extensions: { 'hl7-b2b': practice() },
  ...change,
});
const saying = (change: object) => signJson(header(), payload(change), device);
const practising = (change: object) => saying({ extensions: { 'hl7-b2b': { ...practice(), ...change } } });
const headed = (change: object) => signJson({ ...header(), ...change }, payload(), device);
const spelt = (change: (text: string) => string) =>
  signTexts(JSON.stringify(header()), change(JSON.stringify(payload())), device);
const good = () => saying({});
const text = () => JSON.stringify(payload());

const ask = (
  assertion: string,
  { at = river, form = {} }: { at?: typeof river; form?: Record<string, string> } = {},
) =>
  fetch(at.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...form,
    }),
  });

type Row = [what: string, make: () => string, code: string];
const rows: Row[] = [
  ['that has expired', () => saying({ iat: now() - 400, exp: now() - 100 }), 'ASSERTION_EXPIRED'],
  ['by a clock two minutes ahead', () => saying({ iat: now() + 120, exp: now() + 420 }), 'ASSERTION_EXPIRED'],
  [
    'by a clock two minutes behind, for one minute',
    () => saying({ iat: now() - 120, exp: now() - 60 }),
    'ASSERTION_EXPIRED',
  ],
  ['that lives longer than 300 s', () => saying({ exp: now() + 301 }), 'ASSERTION_EXPIRED'],
  ['that ends before it begins', () => saying({ exp: now() - 1 }), 'ASSERTION_EXPIRED'],
  ['for another gateway', () => saying({ aud: lake.tokenUrl }), 'ASSERTION_MISADDRESSED'],
  ['for the gateway’s address alone', () => saying({ aud: river.url }), 'ASSERTION_MISADDRESSED'],
  ['for two gateways', () => saying({ aud: [river.tokenUrl, lake.tokenUrl] }), 'ASSERTION_INVALID'],
  [
    'by a device that nobody approved',
    () => {
      const key = testKey();
      return signJson(header(key), payload({}, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  [
    'by another organisation’s device',
    () => {
      const key = keyOf(lake.ehr.sig);
      return signJson(header(key), payload({}, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  [
    'by another organisation’s device in its own name',
    () => {
      const key = keyOf(lake.ehr.sig);
      const extensions = { 'hl7-b2b': { ...practice(), organization_id: lake.id } };
      return signJson(header(key), payload({ extensions }, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  ['in another organisation’s name', () => practising({ organization_id: lake.id }), 'CLIENT_UNKNOWN'],
  ['of a device without its extension', () => signJson(header(), claims(), device), 'CLIENT_UNKNOWN'],
  [
    'of a patient with a device’s extension',
    () => signJson(header(patient.sig), payload({}, patient.sig), patient.sig),
    'CLIENT_UNKNOWN',
  ],
  ['with a name in it', () => saying({ name: 'Jane Roe' }), 'ASSERTION_INVALID'],
  ['with a practitioner’s name in it', () => practising({ subject_name: 'Jane Roe' }), 'ASSERTION_INVALID'],
  [
    'with a practitioner who is no pseudonym',
    () => practising({ subject_id: 'jane.roe' }),
    'ASSERTION_INVALID',
  ],
  [
    'with another extension',
    () => saying({ extensions: { 'hl7-b2b': practice(), more: {} } }),
    'ASSERTION_INVALID',
  ],
  ['without a purpose', () => practising({ purpose_of_use: [] }), 'ASSERTION_INVALID'],
  ['with a purpose that is none', () => practising({ purpose_of_use: ['CURIOSITY'] }), 'ASSERTION_INVALID'],
  ['with a role that is none', () => practising({ subject_role: 'neighbour' }), 'ASSERTION_INVALID'],
  ['with two issuers', () => saying({ sub: patient.id }), 'ASSERTION_INVALID'],
  ['with a foreign key id', () => headed({ kid: patient.id }), 'ASSERTION_INVALID'],
  ['signed by another key', () => signJson(header(), payload(), testKey()), 'ASSERTION_INVALID'],
  ['with a signature of zeros', () => withPart(good(), 2, () => 'A'.repeat(86)), 'ASSERTION_INVALID'],
  ['with a misspelt signature', () => withPart(good(), 2, misspelt), 'ASSERTION_INVALID'],
  ['with alg none', () => unsigned({ ...header(), alg: 'none' }, text()), 'ASSERTION_INVALID'],
  ['with alg none and some signature', () => headed({ alg: 'none' }), 'ASSERTION_INVALID'],
  [
    'with HS256 and the public key as secret',
    () => withPublicKeyAsSecret({ ...header(), alg: 'HS256' }, text(), device),
    'ASSERTION_INVALID',
  ],
  ['with another algorithm than its key’s', () => headed({ alg: 'ES384' }), 'ASSERTION_INVALID'],
  ['with the key in its header', () => headed({ jwk: device.publicJwk }), 'ASSERTION_INVALID'],
  [
    'with a member twice',
    () => spelt((one) => one.replace('{', `{"iss":"${patient.id}",`)),
    'ASSERTION_INVALID',
  ],
  [
    'with a member twice inside',
    () => spelt((one) => one.replace('"version"', '"version":"1","version"')),
    'ASSERTION_INVALID',
  ],
  [
    'with a member named __proto__',
    () => spelt((one) => one.replace('{', '{"__proto__":{},')),
    'ASSERTION_INVALID',
  ],
  ['with a NUL', () => practising({ subject_role: 'physician\0' }), 'ASSERTION_INVALID'],
  ['with a lone surrogate', () => spelt((one) => one.replace('physician', '\\ud800')), 'ASSERTION_INVALID'],
  [
    'that is not UTF-8',
    () =>
      signBytes(JSON.stringify(header()), Buffer.from(text().replace('physician', '\xff'), 'latin1'), device),
    'ASSERTION_INVALID',
  ],
  ['without a jti', () => saying({ jti: undefined }), 'ASSERTION_INVALID'],
  [
    'that is a statement',
    () => statement({ iss: patient.id, aud: network, act: 'skip', seq: 2 }, patient.sig),
    'ASSERTION_INVALID',
  ],
];

test.each(rows)('an assertion %s brings no token', async (_what, make, code) => {
  await noToken(await ask(make()), 'invalid_client', code);
});

test('an assertion works once, also when both come at the same time', async () => {
  const assertion = good();
  const answers = await Promise.all([ask(assertion), ask(assertion), ask(assertion)]);
  const [won, ...lost] = answers.sort((one, two) => one.status - two.status);
  expect(won?.status).toBe(200);
  for (const one of lost) await noToken(one, 'invalid_client', 'ASSERTION_REPLAYED');
  await noToken(await ask(assertion), 'invalid_client', 'ASSERTION_REPLAYED');
});

test('an assertion that was refused elsewhere is no good elsewhere either', async () => {
  const assertion = good();
  await noToken(await ask(assertion, { at: lake }), 'invalid_client', 'CLIENT_UNKNOWN');
  const ofPatient = signJson(header(patient.sig), claims(patient.sig), patient.sig);
  await noToken(await ask(ofPatient, { at: lake }), 'invalid_client', 'ASSERTION_MISADDRESSED');
});

test.each([
  ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type', 'INVALID_REQUEST'],
  ['no grant type', { grant_type: '' }, 'invalid_request', 'INVALID_REQUEST'],
  ['no assertion', { client_assertion: '' }, 'invalid_request', 'INVALID_REQUEST'],
  [
    'another assertion type',
    { client_assertion_type: 'saml2-bearer' },
    'invalid_client',
    'ASSERTION_INVALID',
  ],
])('a token request with %s is refused', async (_what, form, error, code) => {
  await noToken(await ask(good(), { form }), error, code);
});

test('a token request with a parameter twice is refused', async () => {
  const body = new URLSearchParams([
    ['client_assertion', good()],
    ['grant_type', 'client_credentials'],
    ['grant_type', 'client_credentials'],
  ]);
  await noToken(await fetch(river.tokenUrl, { method: 'POST', body }), 'invalid_request', 'INVALID_REQUEST');
});

describe('a revoked device', () => {
  test('gets no token, whether the gateway has met it or not', async () => {
    const [known, unknown] = [testKey(), testKey()];
    for (const key of [known, unknown]) await approve(key);
    await cast.token(river, { device: known });
    for (const key of [known, unknown]) expect((await revoke(key)).status).toBe(201);
    for (const key of [known, unknown]) {
      await noToken(
        await ask(signJson(header(key), payload({}, key), key)),
        'invalid_client',
        'DEVICE_REVOKED',
      );
    }
  });

  test('does nothing more with the token it has, and the refused read is on the ledger', async () => {
    const key = testKey();
    await approve(key);
    const bearer = await cast.token(river, { device: key });
    const record = await cast.record(bearer, patient, 'a note');
    expect((await revoke(key)).status).toBe(201);
    const read = await client.get(`${river.url}/v1/records/${record}/content`, bearer);
    expect((await refused(read, 'DEVICE_REVOKED'))['access']).toMatch(/^[0-9a-f]{64}:\d+$/);
    const upload = await client.upload(river.url, bearer, patient.id, Buffer.from('x'), 'text/plain');
    await refused(upload, 'DEVICE_REVOKED');
    const enrolment = await cast.say(freshEnrolment(), { bearer });
    await refused(enrolment, 'DEVICE_REVOKED');
  });

  const freshEnrolment = () => {
    const sig = testKey();
    const keys = { sig: sig.publicJwk, enc: testKey().publicJwk };
    return statement({ iss: sig.id, aud: network, act: 'enrolPatient', seq: 1, ...keys }, sig);
  };
});

test('a device whose approval has ended gets no token', async () => {
  const key = testKey();
  await approve(key, new Date(Date.now() - 1000).toISOString());
  await noToken(await ask(signJson(header(key), payload({}, key), key)), 'invalid_client', 'DEVICE_EXPIRED');
});

test('the token of one organisation is nothing at another', async () => {
  const bearer = await cast.token(river, { device });
  const record = await cast.record(bearer, patient, 'a note');
  for (const one of [lake, cast.regulator, cast.insurer]) {
    await refused(await client.get(`${one.url}/v1/records/${record}`, bearer), 'TOKEN_INVALID');
    await refused(await client.get(`${one.url}/v1/records/${record}/content`, bearer), 'TOKEN_INVALID');
    await refused(await client.get(`${one.url}/v1/organisations`, bearer), 'TOKEN_INVALID');
    const upload = await client.upload(one.url, bearer, patient.id, Buffer.from('x'), 'text/plain');
    await refused(upload, 'TOKEN_INVALID');
  }
});

test('a token with one letter changed, or none, is nothing', async () => {
  const bearer = await cast.token(river, { device });
  const own = `${river.url}/v1/organisations`;
  expect((await client.get(own, bearer)).status).toBe(200);
  const changed = `${bearer.startsWith('A') ? 'B' : 'A'}${bearer.slice(1)}`;
  await refused(await client.get(own, changed), 'TOKEN_INVALID');
  await refused(await client.get(own, freshHash()), 'TOKEN_INVALID');
  await refused(await fetch(own), 'TOKEN_REQUIRED');
  const inQuery = await fetch(`${own}?access_token=${bearer}`);
  await refused(inQuery, 'TOKEN_REQUIRED');
  expect((await jsonOf(await client.get(own, bearer))).items).toHaveLength(5);
});
