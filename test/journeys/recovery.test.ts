import { type Device, makeKeys, type Patient } from '@chartkey/client';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';
import { type ShiftedConsortium, startShiftedConsortium } from '../support/shifted-consortium.ts';

let consortium: ShiftedConsortium;
let river: SdkOrganisation;
let lake: SdkOrganisation;
let desk: Device;
let doctor: Device;
beforeAll(async () => {
  consortium = await startShiftedConsortium(['RiversideMSP', 'LakesideMSP']);
  const { credentials } = consortium.run.founding;
  river = await SdkOrganisation.of('RiversideMSP', credentials);
  lake = await SdkOrganisation.of('LakesideMSP', credentials);
  [desk, doctor] = [await river.device(), await lake.device()];
});
afterAll(() => consortium.stop());

const grant = {
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all' as const,
  actions: ['read' as const],
  purposes: ['TREAT' as const],
};

test('a lost phone: two contacts and seven days bring a new key, which looks and takes back, and grants after thirty more', async () => {
  const [patient, mother] = [await river.patient(), await river.patient()];
  const { record } = await desk.storeRecord(patient.id, Buffer.from('a finding'), 'text/plain');
  await patient.nameContacts({
    contacts: [{ person: mother.id }, { organisation: 'LakesideMSP' }, { organisation: 'RegulatorMSP' }],
  });

  // The phone is gone. A new one makes keys, and the mother and a hospital vouch for who holds it.
  const keys = await makeKeys();
  const renewed: Patient = river.gateway.patient(keys, { id: patient.id });
  const hospital = await lake.master(doctor);
  const { id: recovery } = await hospital.startRecovery({
    patient: patient.id,
    key: await renewed.proofOfKeys(keys),
    lost: [patient.keys.sig.id],
  });
  const waiting = await mother.approvals().first(50);
  const shown = waiting.find(({ subject }) => subject.kind === 'recovery' && subject.recovery === recovery);
  if (!shown) throw new Error('the mother is not asked');
  const { id: approval } = await mother.approve(shown);
  await renewed.confirmRecovery(recovery, [approval]);
  await expect(renewed.completeRecovery(recovery)).rejects.toMatchObject({ code: 'RECOVERY_WAITING' });
  expect((await patient.facts()).recovery).toMatchObject({ recovery, agreedAt: expect.any(String) });

  await consortium.pass(7.01);
  await renewed.completeRecovery(recovery);
  await expect(patient.facts()).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
  const facts = await renewed.facts();
  expect(facts).toMatchObject({ patient: patient.id, keys: [{ sig: keys.sig.publicKey }] });
  await expect(doctor.readRecord(record)).rejects.toMatchObject({ code: 'NO_GRANT' });
  expect((await renewed.accesses().first(50)).map(({ code }) => code)).toContain('NO_GRANT');
  await expect(renewed.grant(grant)).rejects.toMatchObject({ code: 'RECOVERY_PROBATION' });
  await renewed.deny({ who: { organisation: 'HilltopMSP' } });

  await consortium.pass(30.01);
  await renewed.grant(grant);
  expect(await textOf(await doctor.readRecord(record))).toBe('a finding');
});

test('a freeze by the other phone stops a read at once, and the stolen one’s token with it', async () => {
  const patient = await river.patient();
  const { record } = await desk.storeRecord(patient.id, Buffer.from('a finding'), 'text/plain');
  const keys = await makeKeys();
  await patient.addKey(await patient.proofOfKeys(keys));
  const tablet = river.gateway.patient(keys, { id: patient.id });
  await tablet.grant(grant);
  expect(await textOf(await doctor.readRecord(record))).toBe('a finding');
  expect(await patient.grants().first(50)).toHaveLength(2);
  await tablet.freeze(patient.keys.sig.id);
  await expect(doctor.readRecord(record)).rejects.toMatchObject({ code: 'PATIENT_FROZEN' });
  await expect(patient.grants().first(50)).rejects.toMatchObject({ code: 'SUSPECT_KEY' });
  expect(await textOf(await desk.readRecord(record))).toBe('a finding');
  await tablet.removeKey(patient.keys.sig.id);
  await tablet.unfreeze();
  expect(await textOf(await doctor.readRecord(record))).toBe('a finding');
  await expect(patient.grants().first(50)).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
});
