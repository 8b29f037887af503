import { queries, type RecordFacts, transactions } from '@chartkey/vocabulary';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { patientSession } from '../support/patient-session.ts';

const river = new LedgerActor('RiversideMSP');
const lake = new LedgerActor('LakesideMSP');
const regulator = new LedgerActor('RegulatorMSP');
afterAll(() => {
  for (const one of [river, lake, regulator]) one.close();
});

async function enrolled(): Promise<LedgerPatient> {
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, await river.session());
  return patient;
}
const anchor = (input: object, at = river) =>
  at.ledger.submit(transactions.anchorRecord, { record: freshId(), commitment: freshHash(), ...input });
const version = (input: object) =>
  river.ledger.submit(transactions.addVersion, { version: 2, commitment: freshHash(), ...input });
const factsOf = async (record: string) =>
  (await river.ledger.evaluate(queries.record, record)) as RecordFacts;

test('a patient makes a record at a hospital of its choice, which is marked as the patient’s', async () => {
  const patient = await enrolled();
  for (const at of [river, lake]) {
    const record = freshId();
    await anchor({ session: await patientSession(at, patient), record, patient: patient.id }, at);
    const facts = await factsOf(record);
    expect(facts).toMatchObject({ byPatient: true, custodian: at.organisation, patient: patient.id });
    expect(facts.versions[0]?.author).toBe(patient.id);
  }
});

test('the same anchor again has its first outcome, another one under its id is refused', async () => {
  const patient = await enrolled();
  const input = {
    ...{ session: await patientSession(river, patient), patient: patient.id },
    ...{ record: freshId(), commitment: freshHash() },
  };
  expect((await anchor(input)).result).toMatchObject({ repeated: false });
  expect((await anchor(input)).result).toMatchObject({ repeated: true });
  expect(await codeOf(anchor({ ...input, commitment: freshHash() }))).toBe('RECORD_EXISTS');
  const session = await river.session();
  expect(await codeOf(anchor({ ...input, session }))).toBe('RECORD_EXISTS');
});

test('a patient records nowhere but at hospitals, through the gateway that started its session', async () => {
  const patient = await enrolled();
  const session = await patientSession(regulator, patient);
  expect(await codeOf(anchor({ session, patient: patient.id }, regulator))).toBe('KIND_NOT_ALLOWED');
  const borrowed = await patientSession(lake, patient);
  expect(await codeOf(anchor({ session: borrowed, patient: patient.id }))).toBe('SESSION_FOREIGN');
});

test('a stranger records nothing for a patient; a delegate with the power does, until it is revoked', async () => {
  const [patient, carer] = [await enrolled(), await enrolled()];
  const session = await patientSession(river, carer);
  const record = () => codeOf(anchor({ session, patient: patient.id }));
  expect(await record()).toBe('NOT_A_DELEGATE');
  const named = patient.says({
    ...{ act: 'nameDelegate', seq: 2, person: carer.id, kind: 'carer', powers: ['record'] },
  });
  const { result } = await river.submit('nameDelegate', named);
  expect(await record()).toBe('accepted');
  const { id } = result as { id: string };
  await river.submit('revokeDelegate', patient.says({ act: 'revokeDelegate', delegation: id }));
  expect(await record()).toBe('NOT_A_DELEGATE');
});

test('a frozen patient records nothing', async () => {
  const patient = await enrolled();
  const session = await patientSession(river, patient);
  await river.submit('freeze', patient.says({ act: 'freeze' }));
  expect(await codeOf(anchor({ session, patient: patient.id }))).toBe('PATIENT_FROZEN');
});

test('a patient’s own record stays the patient’s, a hospital’s the hospital’s', async () => {
  const patient = await enrolled();
  const [session, device] = [await patientSession(river, patient), await river.session()];
  const [own, theirs] = [freshId(), freshId()];
  await anchor({ session, record: own, patient: patient.id });
  await anchor({ session: device, record: theirs, patient: patient.id });
  expect(await codeOf(version({ session: device, record: own }))).toBe('PATIENT_AUTHORED');
  expect(await codeOf(version({ session, record: theirs }))).toBe('DEVICES_ONLY');
  expect(await codeOf(version({ session, record: own }))).toBe('accepted');
  expect((await factsOf(own)).versions.map(({ author }) => author)).toEqual([patient.id, patient.id]);
});

test('the same law holds for reading it: the custodian treats, others need a grant, and a denial beats it', async () => {
  const patient = await enrolled();
  const record = freshId();
  await anchor({ session: await patientSession(river, patient), record, patient: patient.id });
  const read = async (by: LedgerActor) => {
    const item = { kind: 'read' as const, session: await by.session(), record, purpose: 'TREAT' as const };
    const [outcome] = (await by.request(item)).outcomes;
    return outcome && 'basis' in outcome ? outcome.basis : outcome && 'code' in outcome && outcome.code;
  };
  expect([await read(river), await read(lake)]).toEqual(['custodian', 'NO_GRANT']);
  await river.submit('grantConsent', patient.grant('LakesideMSP'));
  expect(await read(lake)).toBe('grant');
  const denial = patient.says({ act: 'denyAccess', seq: 3, what: { records: [record] } });
  await river.submit('denyAccess', denial);
  expect([await read(river), await read(lake)]).toEqual(['custodian', 'DENIED_BY_PATIENT']);
});

describe('a correction', () => {
  let patient: LedgerPatient;
  let session: string;
  let wrong: string;
  beforeAll(async () => {
    patient = await enrolled();
    session = await patientSession(river, patient);
    wrong = freshId();
    const device = await river.session();
    await anchor({ session: device, record: wrong, patient: patient.id });
    await version({ session: device, record: wrong });
  });
  const correct = (corrects: object, more: object = {}) =>
    anchor({ session, patient: patient.id, corrects, ...more });

  test('names the version it corrects, the newest unless it says which', async () => {
    const [newest, first] = [freshId(), freshId()];
    await correct({ record: wrong, correction: 'wrong-dose' }, { record: newest });
    await correct({ record: wrong, version: 1, correction: 'not-mine' }, { record: first });
    expect((await factsOf(newest)).corrects).toEqual({ record: wrong, version: 2, correction: 'wrong-dose' });
    expect((await factsOf(first)).corrects).toEqual({ record: wrong, version: 1, correction: 'not-mine' });
  });

  test('is of a record about the same patient, and of a version that there is', async () => {
    const other = await enrolled();
    const theirs = freshId();
    await anchor({ session: await river.session(), record: theirs, patient: other.id });
    const correction = 'not-mine';
    const itself = freshId();
    const codes = [
      await codeOf(correct({ record: theirs, correction })),
      await codeOf(correct({ record: freshId(), correction })),
      await codeOf(correct({ record: wrong, version: 3, correction })),
      await codeOf(correct({ record: itself, correction }, { record: itself })),
    ];
    expect(codes).toEqual(Array(4).fill('RECORD_UNKNOWN'));
  });

  test('is in words of a closed list, and by a patient', async () => {
    expect(await codeOf(correct({ record: wrong, correction: 'canary' }))).toBe('INVALID_TRANSACTION');
    expect(await codeOf(correct({ record: wrong }))).toBe('INVALID_TRANSACTION');
    const corrects = { record: wrong, correction: 'outdated' };
    const device = await river.session();
    expect(await codeOf(anchor({ session: device, patient: patient.id, corrects }))).toBe('PATIENTS_ONLY');
  });
});
