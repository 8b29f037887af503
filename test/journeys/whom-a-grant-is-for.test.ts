import { approvedDevice } from '../support/approved-device.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { RestDevice } from '../support/rest-device.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { RestPractitioner } from '../support/rest-practitioner.ts';
import * as wire from './independent-client.ts';

// Grants to parts of organisations, to everybody treating, and passed on: content is released on them, each proven
// by its custodian from statements alone.
const people = cast(sharedConsortium().credentials);
const { river, lake } = people;
const content = Buffer.from('a record');
const hour = () => new Date(Date.now() + 3_600_000).toISOString();

async function patientWithRecord() {
  const patient = await people.patient();
  return { patient, record: await people.record(patient, content) };
}
const outcome = async (device: RestDevice, record: string, purpose?: string) => {
  const { status, code, bytes } = await device.read(record, purpose === undefined ? {} : { purpose });
  return status === 200 ? bytes.toString() : code;
};
const logged = async (patient: RestPatient) => patient.pages(`/v1/patients/${patient.id}/accesses`);
const listed = async (patient: RestPatient) => patient.pages(`/v1/patients/${patient.id}/grants`);

test('a department’s device reads on a grant to the department, another of the organisation does not', async () => {
  const { patient, record } = await patientWithRecord();
  const department = wire.randomId();
  const ours = new RestDevice(
    lake.organisation,
    await approvedDevice(lake.organisation, 'workstation', { department }),
  );
  await patient.grant('LakesideMSP', { grantee: { department } });
  expect(await outcome(lake, record)).toBe('NO_GRANT');
  expect(await outcome(ours, record)).toBe('a record');
});

test('a role reads on a grant to the role, whatever the device', async () => {
  const { patient, record } = await patientWithRecord();
  const nurses = await patient.grant('LakesideMSP', { grantee: { role: 'nurse' } });
  expect(await outcome(lake, record)).toBe('NO_GRANT');
  await patient.grant('LakesideMSP', { grantee: { role: 'physician' } });
  expect(await outcome(lake, record)).toBe('a record');
  expect(await listed(patient)).toContainEqual(
    expect.objectContaining({ grant: nurses, grantee: { organisation: 'LakesideMSP', role: 'nurse' } }),
  );
});

test('everybody treating reads once a treatment is declared, and the patient sees on which grant', async () => {
  const { patient, record } = await patientWithRecord();
  const physician = await RestPractitioner.at(lake);
  const words = { scope: 'all', actions: ['read'], purposes: ['TREAT'] };
  const grant = await patient.orders({ act: 'grantConsent', grantee: { treating: true }, ...words });
  expect(await outcome(lake, record)).toBe('TREATMENT_REQUIRED');
  await physician.orders({ act: 'declareTreatment', patient: patient.id, until: hour() });
  expect(await outcome(lake, record)).toBe('a record');
  expect(await logged(patient)).toMatchObject([
    { decision: 'granted', basis: 'grant', grant },
    { decision: 'denied', code: 'TREATMENT_REQUIRED' },
  ]);
  expect(await listed(patient)).toContainEqual(
    expect.objectContaining({ grant, grantee: { treating: true }, status: 'live' }),
  );
  await patient.revoke(grant);
  expect(await outcome(lake, record)).toBe('NO_GRANT');
});

test('a referral: what was passed on is read at the other hospital, is listed with its origin, and ends with it', async () => {
  const { patient, record } = await patientWithRecord();
  const physician = await RestPractitioner.at(lake);
  const research = new RestDevice(river.organisation, undefined, ['TREAT', 'HRESCH']);
  const scope = { records: [record] };
  const grant = await patient.grant('LakesideMSP', { purposes: ['HRESCH'], scope, passOn: true });
  // Its recorder's grant is for treatment alone.
  const none = 'PURPOSE_NOT_GRANTED';
  expect(await outcome(research, record, 'HRESCH')).toBe(none);
  const passing = { act: 'passOn', patient: patient.id, grant, to: 'RiversideMSP' };
  const passed = await physician.orders(passing);
  expect(await outcome(research, record, 'HRESCH')).toBe('a record');
  expect((await listed(patient)).slice(0, 2)).toMatchObject([
    { grant: passed, from: grant, grantee: { organisation: 'RiversideMSP' }, scope, status: 'live' },
    { grant, passOn: true, status: 'live' },
  ]);
  await physician.tries(passing, 'PASS_ON_NOT_GRANTED');
  await patient.revoke(grant);
  expect(await outcome(research, record, 'HRESCH')).toBe(none);
  expect((await listed(patient)).slice(0, 2).map(({ status }) => status)).toEqual(['revoked', 'revoked']);
});

test('records made from a time, all but one: each read as the grant says', async () => {
  const { patient, record } = await patientWithRecord();
  const later = await people.record(patient, Buffer.from('another record'));
  await patient.grant('LakesideMSP', { scope: { except: { records: [record] } } });
  expect([await outcome(lake, record), await outcome(lake, later)]).toEqual(['NO_GRANT', 'another record']);
  const list = await lake.list(patient.id);
  expect((list.json['items'] as { record: string }[]).map((one) => one.record)).toEqual([later]);
  const { patient: other, record: old } = await patientWithRecord();
  await other.grant('LakesideMSP', { scope: { madeFrom: hour() } });
  expect(await outcome(lake, old)).toBe('NO_GRANT');
});
