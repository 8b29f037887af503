import { setTimeout as pause } from 'node:timers/promises';
import { type AccessItem, type AccessOutcome, queries } from '@chartkey/vocabulary';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { testKey } from '../support/signing.ts';

const names = ['LakesideMSP', 'RiversideMSP', 'RegulatorMSP', 'InsurerMSP'] as const;
const actors = new Map<string, LedgerActor>();
const actor = (name: (typeof names)[number]) => actors.get(name)!;
let lake: LedgerActor;
let river: LedgerActor;
let physician: LedgerPractitioner;
let nurse: LedgerPractitioner;
let officer: LedgerPractitioner;

beforeAll(async () => {
  for (const name of names) actors.set(name, new LedgerActor(name));
  [lake, river] = [actor('LakesideMSP'), actor('RiversideMSP')];
  nurse = await LedgerPractitioner.registered(lake, { role: 'nurse' });
  officer = await LedgerPractitioner.registered(lake, { role: 'privacy-officer' });
});
// A practitioner breaks glass five times a day.
beforeEach(async () => {
  physician = await LedgerPractitioner.registered(lake);
});
afterAll(() => {
  for (const one of actors.values()) one.close();
});

/** A patient of Riverside with a record there. */
async function patientWithRecord() {
  const patient = new LedgerPatient(river.network);
  const session = await river.session();
  await river.enrol(patient, session);
  const record = freshId();
  await river.anchor(session, patient.id, record);
  return { patient, record };
}
const nowSeconds = () => Math.floor(Date.now() / 1000);
/** Signed 59 s ago for a minute: over within a second. */
const almostOver = () => [{ minutes: 1 }, nowSeconds() - 58] as const;

async function read(session: string, record: string, by = lake): Promise<AccessOutcome | undefined> {
  const item: AccessItem = { kind: 'read', session, record, purpose: 'ETREAT' };
  return (await by.request(item)).outcomes[0];
}
const granted = { is: 'granted', basis: 'break-glass', version: 1 };
const denied = (code: string) => ({ is: 'denied', code });

test('broken glass opens a patient’s records to its practitioner on its device, and awaits a review', async () => {
  const { patient, record } = await patientWithRecord();
  const session = await physician.session();
  expect(await read(session, record)).toEqual(denied('BREAK_GLASS_REQUIRED'));
  const opening = await physician.opens(patient);
  expect(await read(session, record)).toEqual(granted);
  expect(await read(await lake.session({ purpose_of_use: ['ETREAT'] }), record)).toEqual(
    denied('BREAK_GLASS_REQUIRED'),
  );
  const stands = { opening, patient: patient.id, organisation: 'LakesideMSP', key: physician.key.id };
  expect(await river.ledger.evaluate(queries.opening, opening)).toMatchObject(stands);
  expect(await river.ledger.evaluate(queries.openingsOf, patient.id)).toMatchObject([stands]);
  const waiting = await river.ledger.evaluate(queries.unreviewed, 'LakesideMSP');
  expect(waiting).toEqual(expect.arrayContaining([expect.objectContaining(stands)]));
  const { transaction } = await lake.request({ kind: 'read', session, record, purpose: 'ETREAT' });
  await river.ledger.commitOf(transaction, 5_000);
  const releasable = await river.ledger.evaluate(queries.releasable, JSON.stringify([`${transaction}:0`]));
  expect(releasable).toMatchObject([
    { now: { is: 'granted', basis: 'break-glass' }, opening: stands, entry: { ground: opening } },
  ]);
});

test('it opens no other patient’s records, and nothing is recorded with it', async () => {
  const [one, other] = [await patientWithRecord(), await patientWithRecord()];
  await physician.opens(one.patient);
  const session = await physician.session();
  expect(await read(session, other.record)).toEqual(denied('BREAK_GLASS_REQUIRED'));
  expect(await codeOf(lake.anchor(session, one.patient.id, freshId()))).toBe('PURPOSE_NOT_ALLOWED');
});

describe('glass is not broken', () => {
  let patient: LedgerPatient;
  beforeAll(async () => {
    ({ patient } = await patientWithRecord());
  });

  test('by a clerk, or by an organisation that is no hospital', async () => {
    const clerk = await LedgerPractitioner.registered(lake, { role: 'registrar' });
    expect(await codeOf(clerk.opens(patient))).toBe('ROLE_NOT_ALLOWED');
    const inspector = await LedgerPractitioner.registered(actor('RegulatorMSP'));
    expect(await codeOf(inspector.opens(patient))).toBe('KIND_NOT_ALLOWED');
  });

  test('for 61 minutes, for nobody, or for a reason of one’s own', async () => {
    expect(await codeOf(physician.opens(patient, { minutes: 61 }))).toBe('INVALID_STATEMENT');
    expect(await codeOf(physician.opens(patient, { reason: 'curious' }))).toBe('INVALID_STATEMENT');
    expect(await codeOf(physician.opens({ id: freshHash() }))).toBe('PATIENT_UNKNOWN');
  });

  test('on another organisation’s device, or on none', async () => {
    expect(await codeOf(physician.opens(patient, { device: river.device.id }))).toBe('DEVICE_UNKNOWN');
    expect(await codeOf(physician.opens(patient, { device: freshHash() }))).toBe('DEVICE_UNKNOWN');
  });

  test('by a key that is unknown, past its time, or not its own signer’s', async () => {
    const validUntil = new Date(Date.now() + 1_000).toISOString();
    const late = await LedgerPractitioner.registered(lake, { validUntil });
    await pause(1_100);
    expect(await codeOf(late.opens(patient))).toBe('PRACTITIONER_EXPIRED');
    const stranger = { iss: testKey().id };
    expect(await codeOf(physician.opens(patient, stranger))).toBe('PRACTITIONER_UNKNOWN');
    expect(await codeOf(physician.opens(patient, { iss: nurse.key.id }))).toBe('SIGNATURE_INVALID');
  });

  test('with a statement held back until its minutes are over', async () => {
    expect(await codeOf(physician.opens(patient, { minutes: 1 }, nowSeconds() - 61))).toBe(
      'BREAK_GLASS_OVER',
    );
  });

  test('a sixth time in a day, with whichever key', async () => {
    for (let count = 1; count <= 5; count += 1) await physician.opens(patient);
    expect(await codeOf(physician.opens(patient))).toBe('BREAK_GLASS_LIMIT');
    const { practitioner } = physician;
    const again = await LedgerPractitioner.registered(lake, { practitioner });
    expect(await codeOf(again.opens(patient))).toBe('BREAK_GLASS_LIMIT');
  });
});

test('after its end nothing is read or stood behind, and the same statement again opens nothing', async () => {
  const { patient, record } = await patientWithRecord();
  const statement = physician.opening(patient, ...almostOver());
  const opening = await physician.tries('openBreakGlass', statement);
  const session = await physician.session();
  await pause(2_100);
  expect(await read(session, record)).toEqual(denied('BREAK_GLASS_OVER'));
  expect(await codeOf(nurse.seconds(opening))).toBe('BREAK_GLASS_OVER');
  expect((await lake.submit('openBreakGlass', statement)).result).toMatchObject({ repeated: true });
  expect(await read(session, record)).toEqual(denied('BREAK_GLASS_OVER'));
});

test('what a patient locked takes two practitioners; the emergency card takes one', async () => {
  const { patient, record } = await patientWithRecord();
  const card = freshId();
  await river.anchor(await river.session(), patient.id, card);
  await river.submit('lockForEmergencies', patient.says({ act: 'lockForEmergencies', seq: 2, what: 'all' }));
  await river.submit('setEmergencyCard', patient.says({ act: 'setEmergencyCard', seq: 3, record: card }));
  const opening = await physician.opens(patient);
  const session = await physician.session();
  expect(await read(session, record)).toEqual(denied('SECOND_KEY_REQUIRED'));
  expect(await read(session, card)).toEqual(granted);
  expect(await codeOf(physician.seconds(opening))).toBe('SAME_PRACTITIONER');
  const { practitioner } = physician;
  const ownOther = await LedgerPractitioner.registered(lake, { practitioner });
  expect(await codeOf(ownOther.seconds(opening))).toBe('SAME_PRACTITIONER');
  const clerk = await LedgerPractitioner.registered(lake, { role: 'registrar' });
  expect(await codeOf(clerk.seconds(opening))).toBe('ROLE_NOT_ALLOWED');
  const foreign = await LedgerPractitioner.registered(river);
  expect(await codeOf(foreign.seconds(opening))).toBe('NOT_YOURS');
  const second = await LedgerPractitioner.registered(lake, { role: 'nurse' });
  await second.seconds(opening);
  expect(await codeOf(nurse.seconds(opening))).toBe('ALREADY_SECONDED');
  expect(await codeOf(nurse.seconds(freshHash()))).toBe('OPENING_UNKNOWN');
  expect(await read(session, record)).toEqual(granted);
  await second.revoke();
  expect(await read(session, record)).toEqual(denied('SECOND_KEY_REQUIRED'));
  expect(await read(session, card)).toEqual(granted);
});

test('a key revoked meanwhile opens nothing more, and releases nothing that it opened', async () => {
  const { patient, record } = await patientWithRecord();
  await physician.opens(patient);
  const session = await physician.session();
  const item: AccessItem = { kind: 'read', session, record, purpose: 'ETREAT' };
  const { transaction, outcomes } = await lake.request(item);
  expect(outcomes).toEqual([granted]);
  await physician.revoke();
  expect(await read(session, record)).toEqual(denied('PRACTITIONER_REVOKED'));
  const releasable = await lake.ledger.evaluate(queries.releasable, JSON.stringify([`${transaction}:0`]));
  expect(releasable).toMatchObject([{ now: { is: 'denied', code: 'PRACTITIONER_REVOKED' } }]);
});

test('a freeze stops grants, and an emergency is still an emergency', async () => {
  const { patient, record } = await patientWithRecord();
  await river.submit('freeze', patient.says({ act: 'freeze' }));
  await physician.opens(patient);
  expect(await read(await physician.session(), record)).toEqual(granted);
});

describe('a review', () => {
  test('is somebody else’s, of the hospital’s privacy office or a regulator, and once', async () => {
    const { patient } = await patientWithRecord();
    const opening = await physician.opens(patient);
    await nurse.seconds(opening);
    expect(await codeOf(physician.reviews(opening))).toBe('SAME_PRACTITIONER');
    const { practitioner } = nurse;
    const officerToo = await LedgerPractitioner.registered(lake, { practitioner, role: 'privacy-officer' });
    expect(await codeOf(officerToo.reviews(opening))).toBe('SAME_PRACTITIONER');
    const colleague = await LedgerPractitioner.registered(lake);
    expect(await codeOf(colleague.reviews(opening))).toBe('ROLE_NOT_ALLOWED');
    const foreign = await LedgerPractitioner.registered(river, { role: 'privacy-officer' });
    expect(await codeOf(foreign.reviews(opening))).toBe('NOT_YOURS');
    expect(await codeOf(officer.reviews(opening, true, 'no-treatment'))).toBe('INVALID_STATEMENT');
    await officer.reviews(opening);
    const auditor = await LedgerPractitioner.registered(actor('RegulatorMSP'), { role: 'auditor' });
    expect(await codeOf(auditor.reviews(opening, false))).toBe('ALREADY_REVIEWED');
    const waiting = (await lake.ledger.evaluate(queries.unreviewed, 'LakesideMSP')) as { opening: string }[];
    expect(waiting.map((one) => one.opening)).not.toContain(opening);
  });

  test('that finds it unjustified ends it at once, and is a dispute', async () => {
    const { patient, record } = await patientWithRecord();
    const opening = await physician.opens(patient);
    const session = await physician.session();
    expect(await read(session, record)).toEqual(granted);
    const auditor = await LedgerPractitioner.registered(actor('RegulatorMSP'), { role: 'auditor' });
    const dispute = await auditor.reviews(opening, false, 'wrong-patient');
    expect(await read(session, record)).toEqual(denied('BREAK_GLASS_OVER'));
    const disputes = await actor('RegulatorMSP').ledger.evaluate(queries.disputes);
    const about = { dispute, opening, patient: patient.id, organisation: 'LakesideMSP', status: 'open' };
    expect(disputes).toEqual(expect.arrayContaining([expect.objectContaining(about)]));
    const found = { justified: false, reason: 'wrong-patient', organisation: 'RegulatorMSP' };
    expect(await lake.ledger.evaluate(queries.opening, opening)).toMatchObject({ review: found });
  });
});

test('a third party learns nothing of emergencies', async () => {
  const { ledger } = actor('InsurerMSP');
  for (const [query, ...args] of [
    [queries.opening, freshHash()],
    [queries.openingsOf, freshHash()],
    [queries.unreviewed, 'LakesideMSP'],
    [queries.disputes],
  ] as const) {
    expect(await codeOf(ledger.evaluate(query, ...args))).toBe('CARE_MEMBERS_ONLY');
  }
});
