import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, testKey } from '../support/signing.ts';
import { askToken, claimsOf, headerOf, practiceAt } from './assertion.ts';
import { Cast, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';
import { now, SpoiltGrant } from './spoilt-grant.ts';

// Whoever writes a client learns which member does not fit, and nothing that was sent comes back.
const cast = new Cast(sharedConsortium().credentials);
const { river, lake, network } = cast;
let patient: LedgerPatient;
let grant: SpoiltGrant;
beforeAll(async () => {
  patient = await cast.patient(await cast.token(river));
  grant = new SpoiltGrant(patient, lake.id);
});

const label = 'A'.repeat(22);
const person = () => ({ person: freshHash() });
const contacts = (): object[] => [person(), { organisation: lake.id }, { organisation: cast.regulator.id }];
const rule = (change: object) =>
  patient.says({
    act: 'layRule',
    seq: 2,
    on: { labels: [label] },
    of: contacts(),
    need: 2,
    within: 60,
    lasting: 60,
    ...change,
  });
/** A new pair's word for itself, with this much more in its header and payload. */
const proof = (header: object, payload: object) => {
  const [sig, enc] = [testKey(), testKey()];
  const claims = {
    network,
    owner: patient.id,
    sig: sig.publicJwk,
    enc: enc.publicJwk,
    exp: now() + 600,
    ...payload,
  };
  return signJson({ alg: 'ES256', typ: 'chartkey-key+jwt', ...header }, claims, sig);
};
const adding = (key: string) => patient.says({ act: 'addKey', seq: 2, key });

type Row = [what: string, make: () => string, at: string, code?: string];
const rows: Row[] = [
  ['whose scope is another word', () => grant.saying({ scope: 'everything' }), 'payload.scope'],
  ['without actions', () => grant.saying({ actions: undefined }), 'payload.actions'],
  [
    'whose grantee has a role that is none',
    () => grant.saying({ grantee: { organisation: lake.id, role: 'doctor' } }),
    'payload.grantee.role',
  ],
  ['with a member more', () => grant.saying({ everything: true }), 'payload'],
  ['of a verb that is none', () => grant.saying({ act: 'everything' }), 'payload.act'],
  ['that lives too long', () => grant.saying({ exp: now() + 900 }), 'payload.exp'],
  ['without a key id', () => grant.headed({ kid: undefined }), 'header.kid'],
  ['with white space', () => grant.spelt((text) => text.replace(',', ', ')), 'payload'],
  ['that is no JWS', () => 'everything', 'statement'],
  [
    'that ends before it begins',
    () => grant.saying({ notBefore: '2030-01-02T00:00:00.000Z', notAfter: '2030-01-01T00:00:00.000Z' }),
    'payload.notAfter',
  ],
  ['that counts what may be passed on', () => grant.saying({ passOn: true, maxUses: 2 }), 'payload.passOn'],
  ['without the minutes of a rule', () => rule({ within: undefined }), 'payload.within'],
  ['of a rule that takes more than there are', () => rule({ need: 4 }), 'payload.need'],
  [
    'of a rule with an approver twice',
    () => rule({ of: [{ organisation: lake.id }, { organisation: lake.id }], need: 1 }),
    'payload.of',
  ],
  [
    'that names two contacts',
    () => patient.says({ act: 'nameContacts', seq: 2, contacts: contacts().slice(1) }),
    'payload.contacts',
  ],
  [
    'that names oneself',
    () =>
      patient.says({
        act: 'nameContacts',
        seq: 2,
        contacts: [{ person: patient.id }, ...contacts().slice(1)],
      }),
    'payload.contacts',
  ],
  [
    'whose new key says more in its header',
    () => adding(proof({ kid: 'everything' }, {})),
    'payload.key.header',
    'INVALID_PROOF',
  ],
  [
    'whose new key is for somebody else',
    () => adding(proof({}, { owner: freshHash() })),
    'payload.key',
    'INVALID_PROOF',
  ],
  [
    'whose new key brings no second one',
    () => adding(proof({}, { enc: undefined })),
    'payload.key.payload.enc',
    'INVALID_PROOF',
  ],
];

test.each(rows)(
  'a statement %s is refused, and told where',
  async (_what, make, at, code = 'INVALID_STATEMENT') => {
    const answer = await cast.say(make());
    const text = await answer.clone().text();
    expect((await refused(answer, code))['at']).toBe(at);
    expect(text).not.toMatch(/everything|doctor/);
  },
);

test('no refused statement changed anything: the first good one with that number is accepted', async () => {
  expect((await cast.say(grant.saying())).status).toBe(201);
});

const device = keyOf(river.ehr.sig);
const practising = (change: object) => ({
  extensions: { 'hl7-b2b': { ...practiceAt(river.id), ...change } },
});
test.each([
  ['a role that is none', practising({ subject_role: 'doctor' }), 'payload.extensions.hl7-b2b.subject_role'],
  ['a name in it', practising({ everything: 'Jane Roe' }), 'payload.extensions.hl7-b2b'],
  ['a jti that is none', { ...practising({}), jti: 'everything' }, 'payload.jti'],
])('an assertion with %s brings no token, and is told where', async (_what, change, at) => {
  const claims = { ...claimsOf(device, river.tokenUrl), ...change };
  const answer = await askToken(river.tokenUrl, signJson(headerOf(device), claims, device));
  const text = await answer.clone().text();
  expect(await jsonOf(answer)).toMatchObject({ error: 'invalid_client', code: 'ASSERTION_INVALID', at });
  expect(text).not.toMatch(/everything|doctor|Jane/);
});

test('an instant without milliseconds is refused with the form that it has', async () => {
  const token = await cast.token(cast.regulator);
  const day = await client.get(`${cast.regulator.url}/v1/audit/accesses?from=2026-11-22T00:00:00Z`, token);
  expect(await refused(day, 'INVALID_REQUEST')).toMatchObject({
    at: 'from',
    detail: expect.stringContaining('RFC 3339, UTC, with milliseconds'),
  });
});
