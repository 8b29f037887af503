import { queries, transactions } from '@chartkey/vocabulary';
import { gatewayKeyOf, lateEntryOf } from '../support/late-entries.ts';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { statementIdOf, testKey } from '../support/signing.ts';

let river: LedgerActor;
let regulator: LedgerActor;
let by: LedgerPractitioner;
let second: LedgerPractitioner;
let patient: LedgerPatient;
let record: string;

beforeAll(async () => {
  [river, regulator] = [new LedgerActor('RiversideMSP'), new LedgerActor('RegulatorMSP')];
  patient = new LedgerPatient(river.network);
  const session = await river.session();
  await river.enrol(patient, session);
  record = freshId();
  await river.anchor(session, patient.id, record);
});
beforeEach(async () => {
  by = await LedgerPractitioner.registered(river);
  second = await LedgerPractitioner.registered(river, { role: 'nurse' });
});
afterAll(() => {
  river.close();
  regulator.close();
});

type Change = Partial<Parameters<typeof lateEntryOf>[0]>;
const last = async () =>
  ((await river.ledger.evaluate(queries.lateCount, 'RiversideMSP')) as { last: number }).last;
const next = async (change: Change = {}) =>
  lateEntryOf({ number: (await last()) + 1, record, patient, by, second, ...change });
const anchor = (input: object, actor = river) => actor.ledger.submit(transactions.anchorLateEntry, input);

test('what was released without the ledger is noted in the patient’s log, and awaits its review', async () => {
  const input = await next();
  const { transaction } = await anchor(input);
  const { number, opening } = JSON.parse(Buffer.from(input.entry.split('.')[1]!, 'base64url').toString()) as {
    number: number;
    opening: string;
  };
  const id = statementIdOf(opening);
  const stored = await river.ledger.evaluate(queries.lateEntry, 'RiversideMSP', String(number));
  expect(stored).toMatchObject({ id: statementIdOf(input.entry), transaction });
  const access = await river.ledger.evaluate(queries.access, `${transaction}:0`);
  expect(access).toMatchObject({ late: true, record, patient: patient.id, basis: 'break-glass', ground: id });
  expect(await river.ledger.evaluate(queries.openingsOf, patient.id)).toEqual(
    expect.arrayContaining([expect.objectContaining({ opening: id, practitioner: by.practitioner })]),
  );
  expect((await anchor(input)).result).toEqual(stored);
  expect(await codeOf(regulator.ledger.submit(transactions.reportMissingEntry, input))).toBe(
    'LATE_ENTRY_ANCHORED',
  );
  // Handed in again by whoever kept it, it opens nothing.
  expect((await river.submit('openBreakGlass', opening)).result).toMatchObject({
    repeated: true,
    transaction,
  });
  expect(await river.ledger.evaluate(queries.liveOpenings, patient.id, 'RiversideMSP')).toEqual([]);
  // It awaits its review as any other.
  const officer = await LedgerPractitioner.registered(river, { role: 'privacy-officer' });
  await officer.reviews(id);
});

test('numbers come one after the other', async () => {
  const number = (await last()) + 2;
  expect(await codeOf(anchor(await next({ number })))).toBe('STALE_SEQUENCE');
});

test('keys revoked since then take nothing out of the log', async () => {
  const input = await next();
  await by.revoke();
  await anchor(input);
});

describe('what nobody witnessed, or nobody opened, is not noted', () => {
  test.each<[string, () => Promise<Change> | Change, string]>([
    ['a witness of the same organisation', () => ({ witness: 'RiversideMSP' }), 'LATE_ENTRY_INVALID'],
    ['a witness that holds no blocks', () => ({ witness: 'InsurerMSP' }), 'LATE_ENTRY_INVALID'],
    [
      'a witness’s word by another gateway',
      () => ({ witnessKey: gatewayKeyOf('LakesideMSP') }),
      'LATE_ENTRY_INVALID',
    ],
    ['a word for another entry', () => ({ said: { entry: freshHash() } }), 'LATE_ENTRY_INVALID'],
    ['an entry by a stranger', () => ({ gateway: testKey() }), 'DEVICE_UNKNOWN'],
    ['an entry by a workstation', () => ({ gateway: river.device }), 'LATE_ENTRY_INVALID'],
    ['another patient’s record', () => ({ record: freshId() }), 'RECORD_UNKNOWN'],
    ['a patient whose record it is not', () => ({ change: { patient: freshHash() } }), 'LATE_ENTRY_INVALID'],
    ['a version that there is not', () => ({ change: { version: 2 } }), 'LATE_ENTRY_INVALID'],
    ['one practitioner twice', () => ({ second: by }), 'SAME_PRACTITIONER'],
    [
      'a time before the opening was signed',
      () => ({ change: { time: '2026-01-01T00:00:00.000Z' } }),
      'LATE_ENTRY_INVALID',
    ],
    [
      'a clerk',
      async () => ({ by: await LedgerPractitioner.registered(river, { role: 'registrar' }) }),
      'ROLE_NOT_ALLOWED',
    ],
  ])('%s', async (_title, change, code) => {
    expect(await codeOf(anchor(await next(await change())))).toBe(code);
  });

  test('another organisation’s entry', async () => {
    expect(await codeOf(anchor(await next(), regulator))).toBe('NOT_YOURS');
  });
});

test('an entry that was not anchored is reported when its day is over, not before', async () => {
  const report = (input: object) => codeOf(regulator.ledger.submit(transactions.reportMissingEntry, input));
  const number = (await last()) + 1;
  const input = await next({ number });
  expect(await report(input)).toBe('LATE_ENTRY_NOT_DUE');
  // Another one took its number: it will never be anchored.
  await anchor(await next({ number }));
  expect(await report(input)).toBe('accepted');
  const about = { dispute: statementIdOf(input.entry), about: 'missing-entry', patient: patient.id };
  expect(await regulator.ledger.evaluate(queries.disputes)).toEqual(
    expect.arrayContaining([expect.objectContaining(about)]),
  );
});
