import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, freshId, LedgerPatient } from '../support/ledger-actor.ts';
import { Cast, eventually, type Json, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';
import { refused } from './refusal.ts';
import { beginUpload } from './upload.ts';

const { credentials, dataDir } = sharedConsortium();
const cast = new Cast(credentials);
const { river, lake, regulator, insurer } = cast;
const vault = join(dataDir, 'organisations', river.id, 'vault');
let riverToken: string;
let lakeToken: string;
let patientToken: string;
let patient: LedgerPatient;
let record: string;

beforeAll(async () => {
  [riverToken, lakeToken] = await Promise.all([cast.token(river), cast.token(lake)]);
  patient = await cast.patient(riverToken);
  patientToken = await cast.patientToken(patient);
  record = await cast.record(riverToken, patient, 'first');
});

const upload = (
  bearer: string,
  { at = river, of = patient.id, key = client.randomId(), body = 'x', type = 'text/plain' } = {},
) => client.upload(at.url, bearer, of, Buffer.from(body), type, key);

interface Put {
  at?: typeof river;
  of?: string;
  bearer?: string;
  key?: string | undefined;
  ifMatch?: string | undefined;
  body?: string;
}
const put = ({ at = river, of = record, bearer = riverToken, ifMatch, body = 'x', ...rest }: Put) => {
  const key = 'key' in rest ? rest.key : client.randomId();
  return fetch(`${at.url}/v1/records/${of}/content`, {
    method: 'PUT',
    headers: {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': 'text/plain',
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
    },
    body,
  });
};
const versions = async () =>
  (await jsonOf(await client.get(`${river.url}/v1/records/${record}`, riverToken)))[
    'versions'
  ] as unknown as Json[];
const records = async () =>
  (await jsonOf(await client.get(`${river.url}/v1/patients/${patient.id}/records`, patientToken))).items;

test('a record for a patient nobody enrolled is refused', async () => {
  await refused(await upload(riverToken, { of: freshHash() }), 'PATIENT_UNKNOWN');
  await refused(await upload(riverToken, { of: new LedgerPatient(cast.network).id }), 'PATIENT_UNKNOWN');
});

test('a record by whom no grant lets record is refused', async () => {
  await refused(await upload(lakeToken, { at: lake }), 'NO_GRANT');
  expect((await cast.say(patient.grant(lake.id))).status).toBe(201);
  await refused(await upload(lakeToken, { at: lake }), 'ACTION_NOT_GRANTED');
  const research = await cast.token(river, { purposes: ['HRESCH'] });
  await refused(await upload(research), 'PURPOSE_NOT_GRANTED');
});

test('patients record nothing of others’, regulators and third parties nothing at all', async () => {
  const stranger = await cast.patientToken(await cast.patient(riverToken));
  await refused(await upload(stranger), 'NOT_A_DELEGATE');
  for (const one of [regulator, insurer]) {
    await refused(await upload(await cast.token(one), { at: one }), 'KIND_NOT_ALLOWED');
  }
});

test('a permission to record that was taken back is none', async () => {
  const own = await cast.patient(riverToken);
  const bearer = await cast.patientToken(own);
  const grants = await jsonOf(await client.get(`${river.url}/v1/patients/${own.id}/grants`, bearer));
  const grant = grants.items[0]?.['grant'];
  expect((await cast.say(own.says({ act: 'revokeConsent', grant }))).status).toBe(201);
  await refused(await upload(riverToken, { of: own.id }), 'NO_GRANT');
});

test('a key that stored something else is refused, with what it stored untouched', async () => {
  const key = client.randomId();
  const first = await jsonOf(await upload(riverToken, { key, body: 'one' }));
  const second = await cast.patient(riverToken);
  await refused(await upload(riverToken, { key, body: 'two' }), 'IDEMPOTENCY_MISMATCH');
  await refused(await upload(riverToken, { key, body: 'one', type: 'text/html' }), 'IDEMPOTENCY_MISMATCH');
  await refused(await upload(riverToken, { key, body: 'one', of: second.id }), 'IDEMPOTENCY_MISMATCH');
  const again = await upload(riverToken, { key, body: 'one' });
  expect([again.status, await jsonOf(again)]).toEqual([200, first]);
});

test('an upload without a key is refused', async () => {
  const headers = { Authorization: `Bearer ${riverToken}`, 'Content-Type': 'text/plain' };
  const url = `${river.url}/v1/records?patient=${patient.id}`;
  await refused(await fetch(url, { method: 'POST', headers, body: 'x' }), 'IDEMPOTENCY_KEY_REQUIRED');
  await refused(await put({ key: undefined, ifMatch: '"1"' }), 'IDEMPOTENCY_KEY_REQUIRED');
});

test('an upload with an unknown parameter is refused', async () => {
  const url = `${river.url}/v1/records?patient=${patient.id}&class=x`;
  const headers = {
    Authorization: `Bearer ${riverToken}`,
    'Idempotency-Key': 'k',
    'Content-Type': 'text/plain',
  };
  await refused(await fetch(url, { method: 'POST', headers, body: 'x' }), 'UNKNOWN_PARAMETER');
});

test('a version needs to say which one it replaces, and be right', async () => {
  await refused(await put({}), 'IF_MATCH_REQUIRED');
  await refused(await put({ ifMatch: '*' }), 'IF_MATCH_REQUIRED');
  for (const ifMatch of ['"2"', '"0"', '"9"', 'W/"1"', '"x"']) {
    expect((await refused(await put({ ifMatch }), 'VERSION_CONFLICT'))['newest']).toBe(1);
  }
  await refused(await put({ ifMatch: '1' }), 'INVALID_REQUEST');
  expect(await versions()).toHaveLength(1);
});

test('a version is stored by the custodian only, whom the refusal names', async () => {
  const problem = await refused(await put({ at: lake, bearer: lakeToken, ifMatch: '"1"' }), 'NOT_CUSTODIAN');
  expect(problem['custodian']).toBe(river.id);
  await refused(await put({ of: freshId(), ifMatch: '"1"' }), 'RECORD_UNKNOWN');
  await refused(await put({ bearer: patientToken, ifMatch: '"1"' }), 'DEVICES_ONLY');
  const regulatorToken = await cast.token(regulator);
  await refused(await put({ at: regulator, bearer: regulatorToken, ifMatch: '"1"' }), 'KIND_NOT_ALLOWED');
});

test('of two that replace the same version one is stored', async () => {
  const both = await Promise.all(['one', 'two'].map((body) => put({ ifMatch: '"1"', body })));
  const [won, lost] = both.sort((one, two) => one.status - two.status) as [Response, Response];
  expect(won.status).toBe(201);
  expect((await refused(lost, 'VERSION_CONFLICT'))['newest']).toBe(2);
  expect(await versions()).toHaveLength(2);
});

test('a version’s key that stored something else is refused', async () => {
  const key = client.randomId();
  const { version } = await jsonOf(await put({ key, ifMatch: '"2"', body: 'third' }));
  expect(version).toBe(3);
  await refused(await put({ key, ifMatch: '"3"', body: 'other' }), 'IDEMPOTENCY_MISMATCH');
  expect((await put({ key, ifMatch: '"2"', body: 'third' })).status).toBe(200);
  expect(await versions()).toHaveLength(3);
});

const begin = (headers: Record<string, string | number>) =>
  beginUpload(`${river.url}/v1/records?patient=${patient.id}`, {
    Authorization: `Bearer ${riverToken}`,
    'Content-Type': 'text/plain',
    ...headers,
  });

const unfinished = () => readdirSync(join(vault, '.unfinished'));
const filesOf = (id: string) => [
  ...readdirSync(join(vault, id.slice(0, 2))).filter((name) => name.startsWith(id)),
  ...readdirSync(join(vault, 'unsettled')).filter((name) => name.startsWith(id)),
];

test.each([
  ['with a length', { 'Content-Length': 1_000_000 }],
  ['in chunks', { 'Transfer-Encoding': 'chunked' }],
])('an upload %s that is cut off leaves nothing behind, and its key works then', async (_how, framing) => {
  const content = Buffer.alloc(1_000_000, 'c');
  const key = client.randomId();
  const before = await records();
  const { outgoing, answer: none } = begin({ ...framing, 'Idempotency-Key': key });
  outgoing.write(content.subarray(0, 600_000));
  // it has begun to be stored
  const begun = await eventually(async () => unfinished().length > 0 && unfinished());
  outgoing.destroy();
  expect(await none).toBeUndefined();
  await eventually(async () => !unfinished().some((name) => begun.includes(name)));
  expect(await records()).toEqual(before);

  const answer = await client.upload(river.url, riverToken, patient.id, content, 'text/plain', key);
  expect(answer.status).toBe(201);
  const stored = String((await jsonOf(answer))['record']);
  await eventually(async () => filesOf(stored).length === 2);
  expect(
    filesOf(stored)
      .map((name) => name.split('.').at(-1))
      .sort(),
  ).toEqual(['sealed', 'sidecar']);
  const read = await client.get(`${river.url}/v1/records/${stored}/content`, riverToken);
  expect(Buffer.from(await read.arrayBuffer()).equals(content)).toBe(true);
});

test('a body longer than 4 GiB is refused before it is sent', async () => {
  const { outgoing, answer } = begin({ 'Content-Length': 2 ** 32 + 1, 'Idempotency-Key': 'k' });
  outgoing.flushHeaders();
  await refused((await answer)!, 'BODY_TOO_LARGE');
  outgoing.destroy();
});
