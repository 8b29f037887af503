import { sharedConsortium } from '../support/consortium.ts';
import { keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts, statement, type TestKey, testKey } from '../support/signing.ts';
import { approve, askToken, claimsOf, headerOf, practiceAt } from './assertion.ts';
import { Cast } from './cast.ts';
import { misspelt, signBytes, unsigned, withPart, withPublicKeyAsSecret } from './forgery.ts';
import { noToken } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
const { network, river, lake } = cast;
const device = testKey();
let patient: LedgerPatient;

beforeAll(async () => {
  await approve(cast, device);
  patient = await cast.patient(await cast.token(river, { device }));
});

const now = () => Math.floor(Date.now() / 1000);
const header = () => headerOf(device);
const payload = (change: object = {}, key: TestKey = device) => ({
  ...claimsOf(key, river.tokenUrl),
  extensions: { 'hl7-b2b': practiceAt(river.id) },
  ...change,
});
const saying = (change: object) => signJson(header(), payload(change), device);
const practising = (change: object) =>
  saying({ extensions: { 'hl7-b2b': { ...practiceAt(river.id), ...change } } });
const headed = (change: object) => signJson({ ...header(), ...change }, payload(), device);
const spelt = (change: (text: string) => string) =>
  signTexts(JSON.stringify(header()), change(JSON.stringify(payload())), device);
const good = () => saying({});
const text = () => JSON.stringify(payload());
const ask = (assertion: string) => askToken(river.tokenUrl, assertion);

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
      return signJson(headerOf(key), payload({}, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  [
    'by another organisation’s device',
    () => {
      const key = keyOf(lake.ehr.sig);
      return signJson(headerOf(key), payload({}, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  [
    'by another organisation’s device in its own name',
    () => {
      const key = keyOf(lake.ehr.sig);
      const extensions = { 'hl7-b2b': { ...practiceAt(river.id), organization_id: lake.id } };
      return signJson(headerOf(key), payload({ extensions }, key), key);
    },
    'CLIENT_UNKNOWN',
  ],
  ['in another organisation’s name', () => practising({ organization_id: lake.id }), 'CLIENT_UNKNOWN'],
  [
    'of a device without its extension',
    () => signJson(header(), claimsOf(device, river.tokenUrl), device),
    'CLIENT_UNKNOWN',
  ],
  [
    'of a patient with a device’s extension',
    () => signJson(headerOf(patient.sig), payload({}, patient.sig), patient.sig),
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
    () => saying({ extensions: { 'hl7-b2b': practiceAt(river.id), more: {} } }),
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

test('an assertion for one gateway is no good at another', async () => {
  const assertion = good();
  await noToken(await askToken(lake.tokenUrl, assertion), 'invalid_client', 'CLIENT_UNKNOWN');
  const ofPatient = signJson(headerOf(patient.sig), claimsOf(patient.sig, river.tokenUrl), patient.sig);
  await noToken(await askToken(lake.tokenUrl, ofPatient), 'invalid_client', 'ASSERTION_MISADDRESSED');
});

test('a patient’s token is had at a third party’s gateway, and nobody else has it', async () => {
  const { sig } = patient;
  const at = cast.insurer;
  const own = (change: object, key: TestKey = sig) =>
    signJson(headerOf(sig), { ...claimsOf(sig, river.tokenUrl), aud: at.tokenUrl, ...change }, key);
  await noToken(await askToken(at.tokenUrl, own({}, testKey())), 'invalid_client', 'ASSERTION_INVALID');
  await noToken(
    await askToken(at.tokenUrl, own({ aud: river.tokenUrl })),
    'invalid_client',
    'ASSERTION_MISADDRESSED',
  );
  const late = own({ iat: now() - 400, exp: now() - 100 });
  await noToken(await askToken(at.tokenUrl, late), 'invalid_client', 'ASSERTION_EXPIRED');
  const nobody = testKey();
  const unknown = signJson(
    headerOf(nobody),
    { ...claimsOf(nobody, river.tokenUrl), aud: at.tokenUrl },
    nobody,
  );
  await noToken(await askToken(at.tokenUrl, unknown), 'invalid_client', 'CLIENT_UNKNOWN');
  const assertion = own({});
  expect((await askToken(at.tokenUrl, assertion)).status).toBe(200);
  await noToken(await askToken(at.tokenUrl, assertion), 'invalid_client', 'ASSERTION_REPLAYED');
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
  await noToken(await askToken(river.tokenUrl, good(), form), error, code);
});

test('a token request with a parameter twice is refused', async () => {
  const body = new URLSearchParams([
    ['client_assertion', good()],
    ['grant_type', 'client_credentials'],
    ['grant_type', 'client_credentials'],
  ]);
  await noToken(await fetch(river.tokenUrl, { method: 'POST', body }), 'invalid_request', 'INVALID_REQUEST');
});
