import { spawnSync } from 'node:child_process';
import { type Device, type Order, type Patient, type Practitioner, ProblemError } from '@chartkey/client';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';

/** Stands nowhere but in the words about an emergency. */
const canary = 'found without pulse at the tram stop';
let river: SdkOrganisation;
let lake: SdkOrganisation;
let supervision: SdkOrganisation;
let desk: Device;
let patient: Patient;
let record: string;
let physician: { key: Practitioner; device: Device };

const refusal = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error ?? new Error('nothing was refused');
  return error;
};
const codeOf = async (work: Promise<unknown>) => (await refusal(work)).code;
const says = (order: (seq: number) => Order) =>
  patient.statements.numbered((seq) => patient.statements.author.sign(order(seq)));
const emergency = (change: object = {}) => ({
  ...{ patient: patient.id, reason: 'unconscious' as const, minutes: 30, words: canary, ...change },
});
async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
async function storeRecord(content: string): Promise<string> {
  return (await desk.storeRecord(patient.id, new Blob([content]), 'text/plain')).record;
}

beforeAll(async () => {
  [river, lake, supervision] = (await Promise.all(
    ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP'].map((id) => SdkOrganisation.of(id)),
  )) as [SdkOrganisation, SdkOrganisation, SdkOrganisation];
});
beforeEach(async () => {
  patient = await river.patient();
  desk = await river.device();
  record = await storeRecord('blood group 0');
  physician = await lake.practitioner();
});

test('one extra signature in the reading path opens a record, and the list of records', async () => {
  const { key, device } = physician;
  const refused = await refusal(device.readRecord(record));
  expect([refused.status, refused.code, refused.access]).toEqual([
    403,
    'BREAK_GLASS_REQUIRED',
    expect.stringMatching(/:0$/),
  ]);
  const breakGlass = await key.signBreakGlass(emergency());
  expect(await textOf(await device.readRecord(record, { breakGlass }))).toBe('blood group 0');
  // The same signature again is the same opening; after it, the purpose alone is enough.
  expect(await textOf(await device.readRecord(record, { breakGlass }))).toBe('blood group 0');
  expect(await textOf(await device.readRecord(record))).toBe('blood group 0');
  const records = await listed(device.recordsOf(patient.id, { breakGlass }));
  expect(records.map((one) => one.record)).toEqual([record]);
  const openings = await listed(patient.openingsOf(patient.id));
  expect(openings).toMatchObject([
    { opening: breakGlass.id, organisation: 'LakesideMSP', reason: 'unconscious', overdue: false },
  ]);
  const looks = (await listed(patient.accesses())).filter(({ decision }) => decision === 'granted');
  expect(looks.map(({ basis, purpose }) => [basis, purpose])).toEqual(
    Array(4).fill(['break-glass', 'ETREAT']),
  );
});

test('what a patient locked takes a second practitioner’s key; the card takes one', async () => {
  const { key, device } = physician;
  const nurse = await lake.practitioner('nurse');
  const card = await storeRecord('allergic to penicillin');
  expect(await codeOf(device.emergencyCardOf(patient.id))).toBe('BREAK_GLASS_REQUIRED');
  await says((seq) => ({ act: 'lockForEmergencies', seq, what: 'all' }));
  await says((seq) => ({ act: 'setEmergencyCard', seq, record: card }));
  const opening = await key.signBreakGlass(emergency());
  expect(await codeOf(device.readRecord(record, { breakGlass: opening }))).toBe('SECOND_KEY_REQUIRED');
  expect(await device.emergencyCardOf(patient.id)).toBe(card);
  expect(await patient.emergencyCardOf(patient.id)).toBe(card);
  expect(await textOf(await device.readRecord(card))).toBe('allergic to penicillin');
  const own = await key.signSecond(opening.id);
  expect(await codeOf(device.readRecord(record, { breakGlass: [opening, own] }))).toBe('SAME_PRACTITIONER');
  const second = await nurse.key.signSecond(opening.id);
  const content = await device.readRecord(record, { breakGlass: [opening, second] });
  expect(await textOf(content)).toBe('blood group 0');
});

test('what happened is read by the patient and the reviewer, where it is kept, and nowhere else', async () => {
  const { key, device } = physician;
  const { id } = await key.breakGlass(emergency());
  const officer = await lake.device('privacy-officer');
  expect(await officer.opening(id)).toMatchObject({ opening: id, words: canary });
  expect(await lake.gateway.patient(patient.keys).opening(id)).toMatchObject({ words: canary });
  const regulator = await supervision.regulator();
  for (const one of [patient, device, regulator]) {
    const shown = await one.opening(id);
    expect([shown.opening, shown.words]).toEqual([id, undefined]);
  }
  const stranger = await river.patient();
  for (const one of [desk, stranger, await lake.device('nurse')]) {
    expect(await codeOf(one.opening(id))).toBe('NOT_YOURS');
  }
  expect(await codeOf(listed(desk.openingsOf(patient.id)))).toBe('NOT_YOURS');
  expect(await codeOf(listed(stranger.openingsOf(patient.id)))).toBe('NOT_YOURS');
  const { dataDir } = sharedConsortium();
  const found = spawnSync('grep', ['-rlaF', canary, dataDir], { encoding: 'utf8' });
  expect(found.stdout).toBe('');
});

test('words that were kept about somebody else hide no opening, and no other words', async () => {
  const { key, device } = physician;
  const another = await river.patient();
  const salt = 'A'.repeat(43);
  const text = await device.keepReason(patient.id, canary, salt);
  expect(await device.keepReason(another.id, canary, salt)).toBe(text);
  const elses = await device.keepReason(another.id, 'about somebody else');
  const officer = await lake.device('privacy-officer');
  const shown = async (named: string) => {
    const of = { patient: patient.id, device: device.id, reason: 'unconscious', minutes: 30 } as const;
    const { id } = await key.statements.numbered((seq) =>
      key.statements.author.sign({ act: 'openBreakGlass', seq, text: named, ...of }),
    );
    return (await officer.opening(id)).words;
  };
  expect(await shown(text)).toBe(canary);
  expect(await shown(elses)).toBeUndefined();
});

test('what a regulator asks about emergencies is on the ledger first, each question once', async () => {
  const { key } = physician;
  const { id } = await key.breakGlass(emergency());
  const regulator = await supervision.regulator();
  const { practitioner } = regulator.practice;
  const isBy = (value: unknown) => Object(value).practitioner === practitioner;
  const ledger = connectAs('RegulatorMSP');
  try {
    const asked = async (question: () => Promise<unknown>) => {
      const first = await ledger.height();
      await question();
      const transactions = (await blocksFrom(ledger, first)).flatMap((block) => block.transactions);
      const writes = transactions.flatMap((one) => one.writes);
      return writes.filter((write) => write.objectType === 'audit-query' && isBy(write.value)).length;
    };
    expect(await asked(() => listed(regulator.unreviewed()))).toBe(1);
    expect(await asked(() => listed(regulator.disputes()))).toBe(1);
    expect(await asked(() => regulator.opening(id))).toBe(1);
    expect(await asked(() => listed(regulator.openingsOf(patient.id)))).toBe(1);
  } finally {
    ledger.close();
  }
});

test('a review that finds it unjustified ends it at once, and is a regulator’s case', async () => {
  const { key, device } = physician;
  const { id } = await key.breakGlass(emergency());
  expect(await textOf(await device.readRecord(record))).toBe('blood group 0');
  const officer = await lake.practitioner('privacy-officer');
  const waiting = await listed(officer.device.unreviewed());
  expect(waiting.map(({ opening }) => opening)).toContain(id);
  expect(await codeOf(listed(officer.device.unreviewed('RiversideMSP')))).toBe('NOT_YOURS');
  expect(await codeOf(listed(device.unreviewed()))).toBe('ROLE_NOT_ALLOWED');
  expect(await codeOf(key.review(id, { justified: true }))).toBe('SAME_PRACTITIONER');
  const { id: dispute } = await officer.key.review(id, { justified: false, reason: 'no-treatment' });
  expect(await codeOf(officer.key.review(id, { justified: true }))).toBe('ALREADY_REVIEWED');
  expect(await codeOf(device.readRecord(record))).toBe('BREAK_GLASS_OVER');
  const regulator = await supervision.regulator();
  const cases = await listed(regulator.disputes());
  expect(cases).toEqual(
    expect.arrayContaining([expect.objectContaining({ dispute, opening: id, patient: patient.id })]),
  );
  const overdue = await listed(regulator.unreviewed('LakesideMSP'));
  expect(overdue.map(({ opening }) => opening)).not.toContain(id);
  const [seen] = await listed(patient.openingsOf(patient.id));
  expect(seen).toMatchObject({ review: { justified: false, reason: 'no-treatment' } });
});

test('who may not break glass is refused with a reason, and reads nothing', async () => {
  const clerk = await lake.practitioner('registrar');
  const breakGlass = await clerk.key.signBreakGlass(emergency());
  expect(await codeOf(clerk.device.readRecord(record, { breakGlass }))).toBe('ROLE_NOT_ALLOWED');
  const { key, device } = physician;
  const other = await river.practitioner();
  const foreign = await key.signBreakGlass(emergency());
  // Another practitioner, with a device of its own, gets nothing by a colleague's signature.
  expect(await codeOf(other.device.readRecord(record, { breakGlass: foreign }))).toBe('BREAK_GLASS_REQUIRED');
  expect(await textOf(await device.readRecord(record, { breakGlass: foreign }))).toBe('blood group 0');
  await expect(key.signBreakGlass(emergency({ minutes: 61 }))).rejects.toThrow(TypeError);
  const grant = await patient.statements.author.sign({ act: 'freeze' });
  expect(await codeOf(device.readRecord(record, { breakGlass: grant }))).toBe('INVALID_STATEMENT');
});
