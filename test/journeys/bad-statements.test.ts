import { canonicalJson } from '@chartkey/vocabulary';
import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, freshId, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts, statement, statementIdOf } from '../support/signing.ts';
import { Cast, jsonOf } from './cast.ts';
import { misspelt, signBytes, unsigned, withPart, withPublicKeyAsSecret } from './forgery.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
let riverToken: string;
let patientToken: string;
let patient: LedgerPatient;
let other: LedgerPatient;
let othersGrant: string;
let othersRecord: string;

beforeAll(async () => {
  riverToken = await cast.token(cast.river);
  [patient, other] = await Promise.all([cast.patient(riverToken), cast.patient(riverToken)]);
  patientToken = await cast.patientToken(patient);
  const grant = other.grant(cast.lake.id);
  expect((await cast.say(grant)).status).toBe(201);
  othersGrant = statementIdOf(grant);
  othersRecord = await cast.record(riverToken, other, 'a note');
});

const now = () => Math.floor(Date.now() / 1000);
const header = () => ({ alg: 'ES256', kid: patient.id, typ: 'chartkey-statement+jwt' });

/** A grant that would be accepted. */
const payload = () => ({
  iss: patient.id,
  aud: cast.network,
  act: 'grantConsent',
  seq: 2,
  iat: now(),
  exp: now() + 300,
  grantee: { organisation: cast.lake.id },
  scope: 'all' as unknown,
  actions: ['read'],
  purposes: ['TREAT'],
});
const text = () => canonicalJson(payload());
const good = () => signJson(header(), payload(), patient.sig);
const saying = (change: object) => signJson(header(), { ...payload(), ...change }, patient.sig);
const spelt = (change: (text: string) => string) =>
  signTexts(canonicalJson(header()), change(text()), patient.sig);
const headed = (change: object) => signJson({ ...header(), ...change }, payload(), patient.sig);
const records = (count: number) => Array.from({ length: count }, freshId).sort();

type Row = [what: string, make: () => string, code: string];

const forged: Row[] = [
  ['signed by another key', () => signJson(header(), payload(), other.sig), 'SIGNATURE_INVALID'],
  [
    'of another patient',
    () => signJson({ ...header(), kid: other.id }, payload(), other.sig),
    'SIGNATURE_INVALID',
  ],
  ['with a key id that nobody has', () => headed({ kid: freshHash() }), 'SIGNATURE_INVALID'],
  [
    'changed after it was signed',
    () => withPart(good(), 1, () => saying({ seq: 3 }).split('.')[1]!),
    'SIGNATURE_INVALID',
  ],
  ['with a signature of zeros', () => withPart(good(), 2, () => 'A'.repeat(86)), 'SIGNATURE_INVALID'],
  [
    'with a high s',
    () => signTexts(canonicalJson(header()), text(), patient.sig, 'high'),
    'INVALID_STATEMENT',
  ],
  ['with a short signature', () => withPart(good(), 2, (part) => part.slice(0, 80)), 'INVALID_STATEMENT'],
  ['with a misspelt signature', () => withPart(good(), 2, misspelt), 'INVALID_STATEMENT'],
  [
    'with alg none and no signature',
    () => unsigned({ ...header(), alg: 'none' }, text()),
    'INVALID_STATEMENT',
  ],
  ['with alg none and some signature', () => headed({ alg: 'none' }), 'INVALID_STATEMENT'],
  [
    'with HS256 and the public key as secret',
    () => withPublicKeyAsSecret({ ...header(), alg: 'HS256' }, text(), patient.sig),
    'INVALID_STATEMENT',
  ],
  [
    'with an HS256 signature that says ES256',
    () => withPublicKeyAsSecret(header(), text(), patient.sig),
    'INVALID_STATEMENT',
  ],
  ['with the key in its header', () => headed({ jwk: patient.sig.publicJwk }), 'INVALID_STATEMENT'],
  ['with a critical header', () => headed({ b64: false, crit: ['b64'] }), 'INVALID_STATEMENT'],
  ['of another type', () => headed({ typ: 'JWT' }), 'INVALID_STATEMENT'],
];

const misaddressed: Row[] = [
  ['for another network', () => saying({ aud: `demo-${freshHash()}` }), 'WRONG_NETWORK'],
  [
    'for a network that is no demo',
    () => saying({ aud: cast.network.slice('demo-'.length) }),
    'WRONG_NETWORK',
  ],
  ['with the number before', () => saying({ seq: 1 }), 'STALE_SEQUENCE'],
  ['with the number after next', () => saying({ seq: 3 }), 'STALE_SEQUENCE'],
  ['that has expired', () => saying({ iat: now() - 400, exp: now() - 100 }), 'STATEMENT_EXPIRED'],
  [
    'by a clock two minutes ahead',
    () => saying({ iat: now() + 120, exp: now() + 420 }),
    'STATEMENT_FROM_THE_FUTURE',
  ],
  ['that lives longer than 600 s', () => saying({ exp: now() + 900 }), 'INVALID_STATEMENT'],
  ['that ends before it begins', () => saying({ exp: now() - 1 }), 'INVALID_STATEMENT'],
  ['of a patient nobody enrolled', () => saying({ iss: freshHash() }), 'PATIENT_UNKNOWN'],
];

const ungrammatical: Row[] = [
  ['with white space', () => spelt((canonical) => canonical.replace(',', ', ')), 'INVALID_STATEMENT'],
  ['with its members in another order', () => spelt(() => JSON.stringify(payload())), 'INVALID_STATEMENT'],
  [
    'with an escaped letter',
    () => spelt((canonical) => canonical.replace('"all"', '"\\u0061ll"')),
    'INVALID_STATEMENT',
  ],
  [
    'with a number spelt otherwise',
    () => spelt((canonical) => canonical.replace('"seq":2', '"seq":2.0')),
    'INVALID_STATEMENT',
  ],
  [
    'with a member twice',
    () => spelt((canonical) => canonical.replace('"seq":2', '"seq":1,"seq":2')),
    'INVALID_STATEMENT',
  ],
  ['with an unknown member', () => saying({ note: 'x' }), 'INVALID_STATEMENT'],
  [
    'with a member named __proto__',
    () => spelt((canonical) => canonical.replace('{', '{"__proto__":{},')),
    'INVALID_STATEMENT',
  ],
  [
    'with an unknown member inside',
    () => saying({ grantee: { organisation: cast.lake.id, name: 'x' } }),
    'INVALID_STATEMENT',
  ],
  ['with a NUL', () => saying({ scope: 'all\0' }), 'INVALID_STATEMENT'],
  ['with a bare NUL', () => spelt((canonical) => canonical.replace('"all"', '"all\0"')), 'INVALID_STATEMENT'],
  [
    'with a lone surrogate',
    () => spelt((canonical) => canonical.replace('"all"', '"\\ud800"')),
    'INVALID_STATEMENT',
  ],
  [
    'that is not UTF-8',
    () =>
      signBytes(canonicalJson(header()), Buffer.from(text().replace('all', '\xff'), 'latin1'), patient.sig),
    'INVALID_STATEMENT',
  ],
  ['with a byte order mark', () => spelt((canonical) => `\ufeff${canonical}`), 'INVALID_STATEMENT'],
  ['with a number beyond what is whole', () => saying({ seq: 2 ** 53 }), 'INVALID_STATEMENT'],
  ['with a negative number', () => saying({ seq: -1 }), 'INVALID_STATEMENT'],
  ['with a number as a text', () => saying({ seq: '2' }), 'INVALID_STATEMENT'],
  [
    'with an endless number',
    () => spelt((canonical) => canonical.replace('"seq":2', '"seq":2e999')),
    'INVALID_STATEMENT',
  ],
  ['of a verb that nobody knows', () => saying({ act: 'eraseEverything' }), 'INVALID_STATEMENT'],
  ['without a verb', () => saying({ act: undefined }), 'INVALID_STATEMENT'],
  ['that is a list', () => spelt(() => '[]'), 'INVALID_STATEMENT'],
  [
    'that is nested a thousand deep',
    () => spelt(() => `${'['.repeat(1000)}${']'.repeat(1000)}`),
    'INVALID_STATEMENT',
  ],
  ['longer than 16 KiB', () => saying({ scope: { records: records(500) } }), 'BODY_TOO_LARGE'],
];

const unlawful: Row[] = [
  ['for 65 records', () => saying({ scope: { records: records(65) } }), 'INVALID_STATEMENT'],
  ['for no record', () => saying({ scope: { records: [] } }), 'INVALID_STATEMENT'],
  [
    'for a record named twice',
    () => saying({ scope: { records: ['a'.repeat(26), 'a'.repeat(26)] } }),
    'INVALID_STATEMENT',
  ],
  ['for a purpose that is none', () => saying({ purposes: ['CURIOSITY'] }), 'INVALID_STATEMENT'],
  ['for no purpose', () => saying({ purposes: [] }), 'INVALID_STATEMENT'],
  ['for no use', () => saying({ maxUses: 0 }), 'INVALID_STATEMENT'],
  [
    'for a time that ends before it begins',
    () => saying({ notBefore: '2030-01-02T00:00:00.000Z', notAfter: '2030-01-01T00:00:00.000Z' }),
    'INVALID_STATEMENT',
  ],
  [
    'until a day that no calendar has',
    () => saying({ notAfter: '2030-02-30T00:00:00.000Z' }),
    'INVALID_STATEMENT',
  ],
  [
    'for nobody in the consortium',
    () => saying({ grantee: { organisation: 'NobodyMSP' } }),
    'ORGANISATION_UNKNOWN',
  ],
  ['for a regulator', () => saying({ grantee: { organisation: cast.regulator.id } }), 'KIND_NOT_ALLOWED'],
  ['for a third party', () => saying({ grantee: { organisation: cast.insurer.id } }), 'KIND_NOT_ALLOWED'],
  [
    'that revokes what nobody granted',
    () => patient.says({ act: 'revokeConsent', grant: freshHash() }),
    'GRANT_UNKNOWN',
  ],
  [
    'that revokes another patient’s grant',
    () => patient.says({ act: 'revokeConsent', grant: othersGrant }),
    'GRANT_UNKNOWN',
  ],
  [
    'of an organisation nobody knows',
    () =>
      signJson(
        header(),
        {
          iss: 'NobodyMSP',
          aud: cast.network,
          act: 'revokeDevice',
          device: freshHash(),
          iat: now(),
          exp: now() + 60,
        },
        patient.sig,
      ),
    'ORGANISATION_UNKNOWN',
  ],
  [
    'of an organisation, signed by a patient',
    () =>
      signJson(
        header(),
        {
          iss: cast.river.id,
          aud: cast.network,
          act: 'revokeDevice',
          device: cast.river.ehr.device,
          iat: now(),
          exp: now() + 60,
        },
        patient.sig,
      ),
    'SIGNATURE_INVALID',
  ],
];

test.each([...forged, ...misaddressed, ...ungrammatical, ...unlawful])(
  'a statement %s is refused',
  async (_what, make, code) => {
    const problem = await refused(await cast.say(make()), code);
    if (code === 'STALE_SEQUENCE') expect(problem['expected']).toBe(2);
  },
);

test('a statement is refused at a third party’s gateway as it is at a hospital’s', async () => {
  const at = cast.insurer;
  const [, makeForged, code] = forged[0]!;
  await refused(await cast.say(makeForged(), { at }), code);
  await refused(await cast.say(saying({ aud: `demo-${freshHash()}` }), { at }), 'WRONG_NETWORK');
  await refused(
    await cast.say(saying({ iat: now() + 120, exp: now() + 420 }), { at }),
    'STATEMENT_FROM_THE_FUTURE',
  );
  expect((await refused(await cast.say(saying({ seq: 9 }), { at }), 'STALE_SEQUENCE'))['expected']).toBe(2);
});

test('a statement under another media type is refused', async () => {
  const headers = { 'Content-Type': 'application/jwt' };
  const answer = await fetch(`${cast.river.url}/v1/statements`, { method: 'POST', headers, body: good() });
  await refused(answer, 'MEDIA_TYPE_UNSUPPORTED');
});

test('a grant does not reach another patient’s record', async () => {
  const own = await cast.patient(riverToken);
  const grant = own.grant(cast.lake.id, { scope: { records: [othersRecord] } });
  const answer = await cast.say(grant);
  expect(answer.status).toBe(201);
  const revocation = other.says({ act: 'revokeConsent', grant: othersGrant });
  expect((await cast.say(revocation)).status).toBe(201);
  const lakeToken = await cast.token(cast.lake);
  const content = await client.get(`${cast.lake.url}/v1/records/${othersRecord}/content`, lakeToken);
  await refused(content, 'NO_GRANT');
});

test('no refused statement changed anything: the next number and the grants are as before', async () => {
  const facts = await jsonOf(await client.get(`${cast.river.url}/v1/patients/${patient.id}`, patientToken));
  expect(facts['nextSeq']).toBe(2);
  const grants = await jsonOf(
    await client.get(`${cast.river.url}/v1/patients/${patient.id}/grants`, patientToken),
  );
  expect(grants.items.map(({ grantee }) => grantee)).toEqual([{ organisation: cast.river.id }]);
  const devices = await jsonOf(
    await client.get(`${cast.river.url}/v1/organisations/${cast.river.id}/devices`, riverToken),
  );
  const ehr = devices.items.find(({ device }) => device === (cast.river.ehr.device as unknown));
  expect(ehr?.['status']).toBe('approved');
  expect((await cast.say(good())).status).toBe(201);
});

test('a clock two minutes behind does not keep a statement out', async () => {
  const late = statement(
    { iss: patient.id, aud: cast.network, act: 'skip', seq: 3 },
    patient.sig,
    now() - 120,
  );
  expect((await cast.say(late)).status).toBe(201);
});
