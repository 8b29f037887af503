import { generateKeyPairSync } from 'node:crypto';
import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, freshId, keyOf, LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, statement, type TestKey, testKey } from '../support/signing.ts';
import { Cast, deviceFacts, jsonOf } from './cast.ts';
import { unsigned } from './forgery.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
const { network, river, lake } = cast;
let riverToken: string;

beforeAll(async () => {
  riverToken = await cast.token(river);
});

const now = () => Math.floor(Date.now() / 1000);
const jwkOf = (curve: string) => {
  const { kty, crv, x, y } = generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({
    format: 'jwk',
  });
  return { kty, crv, x, y };
};
const rsa = (bits: number): TestKey => {
  const jwk = generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ format: 'jwk' });
  const { kty, n, e } = jwk;
  return { ...testKey(), jwk: jwk as never, publicJwk: { kty, n, e } as never };
};
const zeros = Buffer.alloc(32).toString('base64url');
const field = Buffer.from(`ffffffff00000001${'0'.repeat(24)}ffffffffffffffffffffffff`, 'hex').toString(
  'base64url',
);

/** Enrolments, each with one thing wrong about its keys; `sig` is the key that signs. */
const enrolments: [what: string, change: (sig: TestKey) => object, code: string][] = [
  ['whose public key has a private member', (sig) => ({ sig: sig.jwk }), 'INVALID_STATEMENT'],
  ['whose second key has a private member', () => ({ enc: testKey().jwk }), 'INVALID_STATEMENT'],
  ['whose key names its use', (sig) => ({ sig: { ...sig.publicJwk, use: 'sig' } }), 'INVALID_STATEMENT'],
  [
    'whose key is off its curve',
    ({ publicJwk }) => ({ enc: { ...publicJwk, y: testKey().publicJwk.y } }),
    'INVALID_KEY',
  ],
  [
    'whose key is the origin',
    ({ publicJwk }) => ({ enc: { ...publicJwk, x: zeros, y: zeros } }),
    'INVALID_KEY',
  ],
  ['whose key is not reduced', ({ publicJwk }) => ({ enc: { ...publicJwk, x: field } }), 'INVALID_KEY'],
  [
    'whose key has a short coordinate',
    ({ publicJwk }) => ({ enc: { ...publicJwk, x: zeros.slice(0, 40) } }),
    'INVALID_STATEMENT',
  ],
  [
    'whose key has a padded coordinate',
    ({ publicJwk }) => ({ enc: { ...publicJwk, x: `${zeros}=` } }),
    'INVALID_STATEMENT',
  ],
  ['whose second key is on P-384', () => ({ enc: jwkOf('P-384') }), 'INVALID_STATEMENT'],
  [
    'whose second key is on another curve of 256 bits',
    () => ({ enc: { ...jwkOf('secp256k1') } }),
    'INVALID_STATEMENT',
  ],
  ['whose second key is an RSA key', () => ({ enc: rsa(2048).publicJwk }), 'INVALID_STATEMENT'],
  ['whose two keys are one', ({ publicJwk }) => ({ enc: publicJwk }), 'INVALID_KEY'],
  ['in another’s name', () => ({ iss: freshHash() }), 'INVALID_KEY'],
  ['with another’s signing key', () => ({ sig: testKey().publicJwk }), 'INVALID_KEY'],
  ['that begins at 2', () => ({ seq: 2 }), 'INVALID_STATEMENT'],
  ['that lets a regulator record', () => ({ recorder: cast.regulator.id }), 'KIND_NOT_ALLOWED'],
  ['that lets nobody known record', () => ({ recorder: 'NobodyMSP' }), 'ORGANISATION_UNKNOWN'],
];

test.each(enrolments)('an enrolment %s is refused', async (_what, change, code) => {
  const sig = testKey();
  const facts = { act: 'enrolPatient', seq: 1, sig: sig.publicJwk, enc: testKey().publicJwk };
  const enrolment = statement({ iss: sig.id, aud: network, ...facts, ...change(sig) }, sig);
  await refused(await cast.say(enrolment, { bearer: riverToken }), code);
  const patients = `${river.url}/v1/patients/${sig.id}`;
  await refused(await client.get(patients, riverToken), 'PATIENT_UNKNOWN');
});

test('an enrolment that no hospital’s device vouches for is refused', async () => {
  const enrolment = new LedgerPatient(network).enrolment(river.id);
  await refused(await cast.say(enrolment), 'TOKEN_REQUIRED');
  await refused(await cast.say(enrolment, { bearer: 'outdated' }), 'TOKEN_INVALID');
  const patientToken = await cast.patientToken(await cast.patient(riverToken));
  await refused(await cast.say(enrolment, { bearer: patientToken }), 'TOKEN_REQUIRED');
  for (const one of [cast.insurer, cast.regulator]) {
    const bearer = await cast.token(one);
    await refused(await cast.say(enrolment, { at: one, bearer }), 'KIND_NOT_ALLOWED');
  }
  const lent = await cast.say(enrolment, { at: lake, bearer: riverToken });
  await refused(lent, 'TOKEN_INVALID');
});

test('a patient is enrolled once, and its keys serve no second one', async () => {
  const patient = await cast.patient(riverToken);
  const again = patient.enrolment(lake.id);
  await refused(await cast.say(again, { bearer: riverToken }), 'STALE_SEQUENCE');
  const thief = testKey();
  const facts = { act: 'enrolPatient', seq: 1, sig: thief.publicJwk, enc: patient.enc.publicJwk };
  const second = statement({ iss: thief.id, aud: network, ...facts }, thief);
  await refused(await cast.say(second, { bearer: riverToken }), 'KEY_USED');
});

const approval = (device: string) =>
  cast.sayAs(river, (seq) =>
    statement({ iss: river.id, aud: network, act: 'approveDevice', seq, device }, keyOf(river.masterKey)),
  );
const proofHeader = (alg = 'ES256') => ({ alg, typ: 'chartkey-device+jwt' });
const proof = (change: object = {}, key: TestKey = testKey(), alg = 'ES256') =>
  signJson(proofHeader(alg), { ...deviceFacts(network, river.id, key), ...change }, key);

const proofs: [what: string, make: () => string, code: string][] = [
  [
    'that is signed by another key',
    () => signJson(proofHeader(), deviceFacts(network, river.id), testKey()),
    'INVALID_PROOF',
  ],
  ['for another network', () => proof({ network: `demo-${freshHash()}` }), 'INVALID_PROOF'],
  ['for another organisation', () => proof({ organisation: lake.id }), 'INVALID_PROOF'],
  ['that has expired', () => proof({ exp: now() - 10 }), 'INVALID_PROOF'],
  ['that is good for a week', () => proof({ exp: now() + 7 * 86_400 }), 'INVALID_PROOF'],
  ['of a use that is none', () => proof({ use: 'toaster' }), 'INVALID_PROOF'],
  ['with a name in it', () => proof({ name: 'Ward 3' }), 'INVALID_PROOF'],
  [
    'with alg none',
    () => unsigned(proofHeader('none'), JSON.stringify(deviceFacts(network, river.id)), 'AA'),
    'INVALID_PROOF',
  ],
  ['with another algorithm than its key’s', () => proof({}, testKey(), 'RS384'), 'INVALID_PROOF'],
  ['with a private member in its key', () => proof({ enc: testKey().jwk }), 'INVALID_PROOF'],
  ['with an RSA key that is too small', () => proof({}, rsa(1024), 'RS384'), 'INVALID_PROOF'],
  ['with a key on P-521', () => proof({ sig: jwkOf('P-521') }), 'INVALID_PROOF'],
  [
    'with one key for both',
    () => {
      const key = testKey();
      return signJson(proofHeader(), deviceFacts(network, river.id, key, key), key);
    },
    'INVALID_KEY',
  ],
  [
    'with a key off its curve',
    () => proof({ enc: { ...testKey().publicJwk, y: testKey().publicJwk.y } }),
    'INVALID_KEY',
  ],
  ['whose key another device had', () => proof({}, keyOf(river.ehr.sig)), 'KEY_USED'],
];

test.each(proofs)('a device with a proof %s is not approved', async (_what, make, code) => {
  await refused(await approval(make()), code);
});

test('an organisation revokes its own devices only', async () => {
  const revocation = (device: string) =>
    statement({ iss: lake.id, aud: network, act: 'revokeDevice', device }, keyOf(lake.masterKey));
  await refused(await cast.say(revocation(river.ehr.device)), 'DEVICE_UNKNOWN');
  await refused(await cast.say(revocation(freshHash())), 'DEVICE_UNKNOWN');
  const devices = await jsonOf(
    await client.get(`${river.url}/v1/organisations/${river.id}/devices`, riverToken),
  );
  const ehr = devices.items.find(({ device }) => String(device) === river.ehr.device);
  expect(ehr?.['status']).toBe('approved');
});

test('an unknown practitioner’s id or device in a grant is no way in', async () => {
  const patient = await cast.patient(riverToken);
  const record = await cast.record(riverToken, patient, 'a note');
  const grantee = { organisation: lake.id, practitioner: freshId() };
  expect((await cast.say(patient.grant(lake.id, { grantee }))).status).toBe(201);
  const lakeToken = await cast.token(lake);
  await refused(await client.get(`${lake.url}/v1/records/${record}/content`, lakeToken), 'NO_GRANT');
});
