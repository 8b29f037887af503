import { canonicalJson } from '@chartkey/vocabulary';
import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts, statement } from '../support/signing.ts';
import { Cast } from './cast.ts';
import { misspelt, unsigned, withPart, withPublicKeyAsSecret } from './forgery.ts';
import { refused } from './refusal.ts';
import { now, SpoiltGrant } from './spoilt-grant.ts';

const cast = new Cast(sharedConsortium().credentials);
let patient: LedgerPatient;
let other: LedgerPatient;
let grant: SpoiltGrant;

beforeAll(async () => {
  const riverToken = await cast.token(cast.river);
  [patient, other] = await Promise.all([cast.patient(riverToken), cast.patient(riverToken)]);
  grant = new SpoiltGrant(patient, cast.lake.id);
});

const header = () => grant.header();
const text = () => grant.text();
const saying = (change: object = {}) => grant.saying(change);
const headed = (change: object) => grant.headed(change);
const good = () => grant.saying();

type Row = [what: string, make: () => string, code: string];

const forged: Row[] = [
  ['signed by another key', () => signJson(header(), grant.payload(), other.sig), 'SIGNATURE_INVALID'],
  [
    'of another patient',
    () => signJson({ ...header(), kid: other.id }, grant.payload(), other.sig),
    'KEY_REVOKED',
  ],
  ['with a key id that nobody has', () => headed({ kid: freshHash() }), 'KEY_REVOKED'],
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

test.each([...forged, ...misaddressed])('a statement %s is refused', async (_what, make, code) => {
  const problem = await refused(await cast.say(make()), code);
  if (code === 'STALE_SEQUENCE') expect(problem['expected']).toBe(2);
});

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

test('no refused statement used the number up: the right one is accepted', async () => {
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
