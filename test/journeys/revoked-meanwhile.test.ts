import { sharedConsortium } from '../support/consortium.ts';
import { keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, statement, testKey } from '../support/signing.ts';
import { Cast, deviceFacts, eventually, type Json, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';

const cast = new Cast(sharedConsortium().credentials);
const { river, lake } = cast;
let riverToken: string;
let lakeToken: string;

beforeAll(async () => {
  [riverToken, lakeToken] = await Promise.all([cast.token(river), cast.token(lake)]);
});

async function grantedRecord(
  change: object = {},
): Promise<{ patient: LedgerPatient; record: string; grant: string }> {
  const patient = await cast.patient(riverToken);
  const record = await cast.record(riverToken, patient, 'x'.repeat(200_000));
  const grant = patient.grant('LakesideMSP', change);
  expect((await cast.say(grant)).status).toBe(201);
  return { patient, record, grant };
}

const entriesOf = async (patient: LedgerPatient): Promise<Json[]> => {
  const token = await cast.patientToken(patient);
  return (await jsonOf(await client.get(`${river.url}/v1/patients/${patient.id}/accesses`, token))).items;
};

test('a read under a kept key that a revocation overtook is refused with an entry of its own', async () => {
  const { patient, record, grant } = await grantedRecord();
  const key = { 'Idempotency-Key': 'viewer-1' };
  const url = `${lake.url}/v1/records/${record}/content`;
  const first = await client.get(url, lakeToken, { ...key, Range: 'bytes=0-9' });
  expect([first.status, await first.text()]).toEqual([206, 'x'.repeat(10)]);
  expect((await cast.say(patient.revocation(grant))).status).toBe(201);
  const refused = await client.get(url, lakeToken, { ...key, Range: 'bytes=10-19' });
  const { code, access } = await jsonOf(refused);
  expect([refused.status, code]).toEqual([403, 'NO_GRANT']);
  const entry = await eventually(async () =>
    (await entriesOf(patient)).find((one) => one['access'] === access),
  );
  expect(entry).toMatchObject({ decision: 'denied', code: 'NO_GRANT', organisation: 'LakesideMSP' });
});

test('a grant to record one record lets nobody make another', async () => {
  const patient = await cast.patient(riverToken);
  const record = await cast.record(riverToken, patient, 'first');
  const words = { scope: { records: [record] }, actions: ['read', 'record'] };
  expect((await cast.say(patient.grant('LakesideMSP', words))).status).toBe(201);
  const answer = await client.upload(lake.url, lakeToken, patient.id, Buffer.from('second'), 'text/plain');
  expect([answer.status, (await jsonOf(answer))['code']]).toEqual([403, 'NO_GRANT']);
});

test('a revoked device’s token shows nothing any more', async () => {
  const { record } = await grantedRecord();
  const device = testKey();
  const master = keyOf(lake.masterKey);
  const byMaster = (payload: object) => statement({ iss: lake.id, aud: cast.network, ...payload }, master);
  const proof = signJson(
    { alg: 'ES256', typ: 'chartkey-device+jwt' },
    deviceFacts(cast.network, lake.id, device),
    device,
  );
  const approved = await cast.sayAs(lake, (seq) => byMaster({ act: 'approveDevice', seq, device: proof }));
  expect(approved.status).toBe(201);
  const token = await cast.token(lake, { device });
  const anchor = () => client.get(`${lake.url}/v1/records/${record}`, token);
  expect((await anchor()).status).toBe(200);
  expect((await cast.say(byMaster({ act: 'revokeDevice', device: device.id }))).status).toBe(201);
  await eventually(async () => (await anchor()).status === 403);
  const read = await client.get(`${lake.url}/v1/records/${record}/content`, token);
  expect(await jsonOf(read)).toMatchObject({ code: 'DEVICE_REVOKED', access: expect.any(String) });
});
