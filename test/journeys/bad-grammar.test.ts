import { canonicalJson } from '@chartkey/vocabulary';
import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, freshId, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, statementIdOf } from '../support/signing.ts';
import { Cast, jsonOf } from './cast.ts';
import { signBytes } from './forgery.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';
import { now, SpoiltGrant } from './spoilt-grant.ts';

const cast = new Cast(sharedConsortium().credentials);
let riverToken: string;
let patientToken: string;
let patient: LedgerPatient;
let other: LedgerPatient;
let grant: SpoiltGrant;
let othersGrant: string;
let othersRecord: string;

beforeAll(async () => {
  riverToken = await cast.token(cast.river);
  [patient, other] = await Promise.all([cast.patient(riverToken), cast.patient(riverToken)]);
  grant = new SpoiltGrant(patient, cast.lake.id);
  patientToken = await cast.patientToken(patient);
  const granted = other.grant(cast.lake.id);
  expect((await cast.say(granted)).status).toBe(201);
  othersGrant = statementIdOf(granted);
  othersRecord = await cast.record(riverToken, other, 'a note');
});

const header = () => grant.header();
const text = () => grant.text();
const saying = (change: object = {}) => grant.saying(change);
const spelt = (change: (text: string) => string) => grant.spelt(change);
const good = () => grant.saying();

const records = (count: number) => Array.from({ length: count }, freshId).sort();

type Row = [what: string, make: () => string, code: string];

const ungrammatical: Row[] = [
  ['with white space', () => spelt((canonical) => canonical.replace(',', ', ')), 'INVALID_STATEMENT'],
  [
    'with its members in another order',
    () => spelt(() => JSON.stringify(grant.payload())),
    'INVALID_STATEMENT',
  ],
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

test.each([...ungrammatical, ...unlawful])('a statement %s is refused', async (_what, make, code) => {
  await refused(await cast.say(make()), code);
});

test('a grant does not reach another patient’s record', async () => {
  const own = await cast.patient(riverToken);
  const granted = own.grant(cast.lake.id, { scope: { records: [othersRecord] } });
  const answer = await cast.say(granted);
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
