import { queries } from '@chartkey/vocabulary';
import { sharedConsortium } from '../support/consortium.ts';
import { connectAs, freshHash, freshId, type LedgerPatient } from '../support/ledger-actor.ts';
import { statementIdOf } from '../support/signing.ts';
import { Cast, eventually, type Json, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
const { river, lake, regulator, insurer } = cast;
const ledger = connectAs(river.id);
const tokens: Record<string, string> = {};
let patient: LedgerPatient;
let other: LedgerPatient;
let record: string;
let lakeGrant: string;

beforeAll(async () => {
  const several = { purposes: ['TREAT', 'HRESCH'] };
  const wanted = {
    river: cast.token(river),
    lake: cast.token(lake),
    both: cast.token(river, several),
    regulator: cast.token(regulator, { purposes: ['HOPERAT'], role: 'auditor' }),
    insurer: cast.token(insurer, { purposes: ['HPAYMT'] }),
    emergency: cast.token(lake, { purposes: ['ETREAT'] }),
  };
  for (const [name, token] of Object.entries(wanted)) tokens[name] = await token;
  patient = await cast.patient(tokens['river']!);
  other = await cast.patient(tokens['river']!);
  record = await cast.record(tokens['river']!, patient, '0123456789');
  tokens['patient'] = await cast.patientToken(patient);
  tokens['other'] = await cast.patientToken(other);
  const grant = patient.grant(lake.id, { purposes: ['HRESCH'] });
  expect((await cast.say(grant)).status).toBe(201);
  lakeGrant = statementIdOf(grant);
});
afterAll(() => ledger.close());

type Asked = [by: string, at: typeof river, path: () => string, headers?: Record<string, string>];
const content = () => `/v1/records/${record}/content`;
const ask = ([by, at, path, headers = {}]: Asked) => client.get(`${at.url}${path()}`, tokens[by]!, headers);

/** Refusals that the ledger keeps: who was refused, where, and why. */
const logged: [what: string, asked: Asked, code: string][] = [
  ['a hospital without a grant for the purpose', ['lake', lake, content], 'PURPOSE_NOT_GRANTED'],
  [
    'a purpose that the session does not have',
    ['lake', lake, content, { 'Purpose-Of-Use': 'HRESCH' }],
    'PURPOSE_NOT_ALLOWED',
  ],
  ['an emergency', ['emergency', lake, content], 'BREAK_GLASS_REQUIRED'],
  ['a regulator', ['regulator', regulator, content], 'KIND_NOT_ALLOWED'],
  ['a third party', ['insurer', insurer, content], 'KIND_NOT_ALLOWED'],
  [
    'the custodian for research',
    ['both', river, content, { 'Purpose-Of-Use': 'HRESCH' }],
    'PURPOSE_NOT_GRANTED',
  ],
  ['a list without a grant for it', ['lake', lake, () => `/v1/patients/${other.id}/records`], 'NO_GRANT'],
  [
    'a list for a regulator',
    ['regulator', regulator, () => `/v1/patients/${patient.id}/records`],
    'KIND_NOT_ALLOWED',
  ],
  [
    'a list for a third party',
    ['insurer', insurer, () => `/v1/patients/${patient.id}/records`],
    'KIND_NOT_ALLOWED',
  ],
];

test.each(logged)(
  '%s is refused, and the patient and the regulator find the entry',
  async (_what, asked, code) => {
    const { access } = await refused(await ask(asked), code);
    const owner = asked[2]().includes(other.id) ? other : patient;
    const by = owner === other ? 'other' : 'patient';
    const path = `/v1/patients/${owner.id}/accesses`;
    const expected = { access, decision: 'denied', code, organisation: asked[1].id, patient: owner.id };
    for (const url of [`${river.url}${path}`, `${regulator.url}${path}`]) {
      const bearer = tokens[url.startsWith(river.url) ? by : 'regulator']!;
      const entry = await eventually(async () => {
        const { items } = await jsonOf(await client.get(url, bearer));
        return items.find((one) => one['access'] === access) as Json | undefined;
      });
      expect(entry).toMatchObject(expected);
    }
  },
);

/** Refusals before the ledger is asked: nobody looked, so there is no entry. */
const unlogged: [what: string, asked: Asked, code: string][] = [
  ['a patient who asks for content', ['patient', river, content], 'END_TO_END_ONLY'],
  ['another patient who asks for content', ['other', river, content], 'END_TO_END_ONLY'],
  ['a session with two purposes that names none', ['both', river, content], 'PURPOSE_REQUIRED'],
  ['a purpose that is none', ['river', river, content, { 'Purpose-Of-Use': 'CURIOSITY' }], 'INVALID_REQUEST'],
  ['another patient’s log', ['other', river, () => `/v1/patients/${patient.id}/accesses`], 'NOT_YOURS'],
  ['another patient’s records', ['other', river, () => `/v1/patients/${patient.id}/records`], 'NOT_YOURS'],
  ['another patient’s grants', ['other', river, () => `/v1/patients/${patient.id}/grants`], 'NOT_YOURS'],
  ['another patient', ['other', river, () => `/v1/patients/${patient.id}`], 'NOT_YOURS'],
  ['another patient’s anchor', ['other', river, () => `/v1/records/${record}`], 'NOT_YOURS'],
  [
    'a patient’s log for a hospital',
    ['river', river, () => `/v1/patients/${patient.id}/accesses`],
    'NOT_YOURS',
  ],
  [
    'a patient’s grants for a hospital',
    ['lake', lake, () => `/v1/patients/${patient.id}/grants`],
    'NOT_YOURS',
  ],
  [
    'a patient whom another hospital enrolled',
    ['lake', lake, () => `/v1/patients/${patient.id}`],
    'NOT_YOURS',
  ],
  [
    'a third party’s question for a patient',
    ['insurer', insurer, () => `/v1/patients/${patient.id}`],
    'CARE_MEMBERS_ONLY',
  ],
  [
    'a third party’s question for an anchor',
    ['insurer', insurer, () => `/v1/records/${record}`],
    'CARE_MEMBERS_ONLY',
  ],
  ['the trail for a hospital', ['river', river, () => '/v1/audit/accesses'], 'REGULATORS_ONLY'],
  ['the trail for a patient', ['patient', river, () => '/v1/audit/accesses'], 'REGULATORS_ONLY'],
  ['the trail for a third party', ['insurer', insurer, () => '/v1/audit/accesses'], 'REGULATORS_ONLY'],
  [
    'a record that does not exist',
    ['river', river, () => `/v1/records/${freshId()}/content`],
    'RECORD_UNKNOWN',
  ],
  [
    'a record that does not exist, elsewhere',
    ['insurer', insurer, () => `/v1/records/${freshId()}/content`],
    'RECORD_UNKNOWN',
  ],
  ['a version that does not exist', ['river', river, () => `${content()}?version=2`], 'RECORD_UNKNOWN'],
  ['an anchor that does not exist', ['river', river, () => `/v1/records/${freshId()}`], 'RECORD_UNKNOWN'],
  [
    'a list of a patient who does not exist',
    ['river', river, () => `/v1/patients/${freshHash()}/records`],
    'PATIENT_UNKNOWN',
  ],
  [
    'an organisation that does not exist',
    ['river', river, () => '/v1/organisations/NobodyMSP/devices'],
    'ORGANISATION_UNKNOWN',
  ],
  ['an unknown parameter', ['river', river, () => `${content()}?patient=x`], 'UNKNOWN_PARAMETER'],
  [
    'a cursor of another list',
    ['patient', river, () => `/v1/patients/${patient.id}/records?cursor=abc`],
    'CURSOR_INVALID',
  ],
];

test.each(unlogged)('%s is refused without an entry', async (_what, asked, code) => {
  expect(await refused(await ask(asked), code)).not.toHaveProperty('access');
});

test('what was refused without an entry has left none: only the refusals above are in the log', async () => {
  const own = `${river.url}/v1/patients/${patient.id}/accesses`;
  const { items } = await jsonOf(await client.get(own, tokens['patient']!));
  const codes = items.map(({ code }) => String(code));
  const expected = logged.filter(([, [, , path]]) => !path().includes(other.id)).map(([, , code]) => code);
  expect(codes.sort()).toEqual(expected.sort());
});

test('a read of what does not exist leaves no entry and no record', async () => {
  const ids = Array.from({ length: 3 }, freshId);
  for (const id of ids) {
    await refused(
      await client.get(`${lake.url}/v1/records/${id}/content`, tokens['lake']!),
      'RECORD_UNKNOWN',
    );
    await expect(ledger.evaluate(queries.record, id)).rejects.toMatchObject({ code: 'RECORD_UNKNOWN' });
  }
  const trail = `${regulator.url}/v1/audit/accesses?device=${lake.ehr.device}`;
  const { items } = await jsonOf(await client.get(trail, tokens['regulator']!));
  expect(items.length).toBeGreaterThan(0);
  expect(items.filter((one) => ids.includes(String(one['record'])))).toEqual([]);
});

test('a list at a gateway without an index says so', async () => {
  const bearer = await cast.patientToken(patient, insurer);
  for (const list of ['records', 'grants', 'accesses']) {
    const path = `${insurer.url}/v1/patients/${patient.id}/${list}`;
    await refused(await client.get(path, bearer), 'NOT_SERVED_HERE');
  }
});

test('a range that the content does not have is refused, and says how long the content is', async () => {
  for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=999999999999-', 'bytes=-0']) {
    const answer = await client.get(`${river.url}${content()}`, tokens['river']!, { Range: range });
    expect(answer.headers.get('Content-Range')).toBe('bytes */10');
    await refused(answer, 'RANGE_NOT_SATISFIABLE');
  }
});

test('a key of one read does not serve another read', async () => {
  const headers = { 'Idempotency-Key': client.randomId() };
  const second = await cast.record(tokens['river']!, patient, 'another note');
  const first = await client.get(`${river.url}${content()}`, tokens['river']!, headers);
  expect([first.status, await first.text()]).toEqual([200, '0123456789']);
  const elsewhere = `${river.url}/v1/records/${second}/content`;
  await refused(await client.get(elsewhere, tokens['river']!, headers), 'IDEMPOTENCY_MISMATCH');
});

test('a refused read stays refused under its key when the grant comes later', async () => {
  const headers = { 'Idempotency-Key': client.randomId() };
  const url = `${lake.url}${content()}`;
  const first = await refused(await client.get(url, tokens['lake']!, headers), 'PURPOSE_NOT_GRANTED');
  expect((await cast.say(patient.grant(lake.id))).status).toBe(201);
  const again = await refused(await client.get(url, tokens['lake']!, headers), 'PURPOSE_NOT_GRANTED');
  expect(again['access']).toBe(first['access']);
  expect((await client.get(url, tokens['lake']!)).status).toBe(200);
  const revocation = patient.says({ act: 'revokeConsent', grant: lakeGrant });
  expect((await cast.say(revocation, { at: insurer })).status).toBe(201);
});
