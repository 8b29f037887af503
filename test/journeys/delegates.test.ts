import { type Device, makeKeys, type Patient } from '@chartkey/client';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';

let river: SdkOrganisation;
let lake: SdkOrganisation;
let desk: Device;
let doctor: Device;
let patient: Patient;
let carer: Patient;
let record: string;

beforeAll(async () => {
  river = await SdkOrganisation.of('RiversideMSP');
  lake = await SdkOrganisation.of('LakesideMSP');
  [desk, doctor] = [await river.device(), await lake.device()];
});
beforeEach(async () => {
  [patient, carer] = [await river.patient(), await river.patient()];
  ({ record } = await desk.storeRecord(patient.id, Buffer.from('a finding'), 'text/plain'));
});

const grant = {
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all' as const,
  actions: ['read' as const],
  purposes: ['TREAT' as const],
};
const accessesOf = async (one: Patient) => one.for(patient.id).accesses().first(50);

test('a carer sees whom it acts for, grants, follows the log, and is out once revoked', async () => {
  await expect(accessesOf(carer)).rejects.toMatchObject({ code: 'NOT_YOURS' });
  const powers = ['grant' as const, 'log' as const];
  const { id: delegation } = await patient.nameDelegate({ person: carer.id, kind: 'carer', powers });
  expect(await carer.delegations().first(50)).toEqual([
    { patient: patient.id, delegation, kind: 'carer', powers, attested: 0, live: true },
  ]);
  const acting = carer.for(patient.id);
  const { id } = await acting.grant(grant);
  expect(await textOf(await doctor.readRecord(record))).toBe('a finding');
  expect((await acting.grants().first(50)).map((one) => one.grant)).toContain(id);
  expect(await accessesOf(carer)).toMatchObject([
    { record, decision: 'granted', organisation: 'LakesideMSP' },
  ]);
  expect((await acting.facts()).delegates).toMatchObject([{ delegation, person: carer.id }]);
  await expect(acting.records().first(50)).rejects.toMatchObject({ code: 'NOT_YOURS' });
  await acting.revoke(id);
  await expect(doctor.readRecord(record)).rejects.toMatchObject({ code: 'NO_GRANT' });
  await patient.revokeDelegate(delegation);
  await expect(accessesOf(carer)).rejects.toMatchObject({ code: 'NOT_YOURS' });
  await expect(acting.grant(grant)).rejects.toMatchObject({ code: 'NOT_A_DELEGATE' });
  expect(await carer.delegations().first(50)).toEqual([]);
});

test('what an adolescent hides from the guardian is neither in its list nor in its log', async () => {
  const powers = ['read' as const, 'log' as const];
  await patient.nameDelegate({ person: carer.id, kind: 'guardian', powers });
  const other = await desk.storeRecord(patient.id, Buffer.from('another'), 'text/plain');
  await expect(doctor.readRecord(record)).rejects.toMatchObject({ code: 'NO_GRANT' });
  await expect(doctor.readRecord(other.record)).rejects.toMatchObject({ code: 'NO_GRANT' });
  await patient.deny({ who: { person: carer.id }, what: { records: [record] } });
  const acting = carer.for(patient.id);
  expect((await acting.records().first(50)).map((one) => one.record)).toEqual([other.record]);
  expect((await accessesOf(carer)).map((one) => one.record)).toEqual([other.record]);
  expect((await patient.accesses().first(50)).map((one) => one.record)).toEqual([other.record, record]);
});

test('a removed key’s token ends at once', async () => {
  const keys = await makeKeys();
  await patient.addKey(await patient.proofOfKeys(keys));
  const tablet = river.gateway.patient(keys, { id: patient.id });
  expect((await tablet.facts()).keys).toHaveLength(2);
  await patient.removeKey(keys.sig.id);
  await expect(tablet.facts()).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
});
