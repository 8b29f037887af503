import { type AccessItem, type AccessOutcome, queries } from '@chartkey/vocabulary';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { statementIdOf } from '../support/signing.ts';

let river: LedgerActor;
let lake: LedgerActor;
let atRiver: string;
let atLake: string;

beforeAll(async () => {
  river = new LedgerActor('RiversideMSP');
  lake = new LedgerActor('LakesideMSP');
  [atRiver, atLake] = await Promise.all([river.session(), lake.session()]);
});
afterAll(() => {
  river.close();
  lake.close();
});

/** A patient whose two records are granted to Lakeside; numbers up to 3 are used. */
async function grantedPatient() {
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, atRiver);
  const records = [freshId(), freshId()] as const;
  for (const record of records) await river.anchor(atRiver, patient.id, record);
  await lake.submit('grantConsent', patient.grant('LakesideMSP'));
  return { patient, records };
}
const deny = (patient: LedgerPatient, words: object, seq = 3) =>
  patient.says({ act: 'denyAccess', seq, ...words });
const ask = async (item: object): Promise<{ outcome: AccessOutcome | undefined; access: string }> => {
  const { transaction, outcomes } = await lake.request(item as AccessItem);
  return { outcome: outcomes[0], access: `${transaction}:0` };
};
const read = (record: string) => ask({ kind: 'read', session: atLake, record, purpose: 'TREAT' });
const list = (patient: LedgerPatient) =>
  ask({ kind: 'list', session: atLake, patient: patient.id, purpose: 'TREAT' });
const granted = { is: 'granted', basis: 'grant', version: 1 };
const denied = { is: 'denied', code: 'DENIED_BY_PATIENT' };

test('never this organisation: reads and lists are refused with the denial named, until it is lifted', async () => {
  const { patient, records } = await grantedPatient();
  expect((await read(records[0])).outcome).toEqual(granted);
  const denial = deny(patient, { who: { organisation: 'LakesideMSP' } });
  await river.submit('denyAccess', denial);
  const { outcome, access } = await read(records[0]);
  expect([outcome, (await list(patient)).outcome]).toEqual([denied, denied]);
  const entry = await lake.ledger.evaluate(queries.access, access);
  expect(entry).toMatchObject({
    decision: 'denied',
    code: 'DENIED_BY_PATIENT',
    ground: statementIdOf(denial),
  });
  // What was granted since beats it no more than what was granted before.
  await lake.submit('grantConsent', patient.says({ ...grantWords, seq: 4 }));
  expect((await read(records[0])).outcome).toEqual(denied);
  await lake.submit('liftDenial', patient.says({ act: 'liftDenial', seq: 5, denial: statementIdOf(denial) }));
  expect((await read(records[0])).outcome).toEqual(granted);
});

const grantWords = {
  ...{ act: 'grantConsent', grantee: { organisation: 'LakesideMSP' }, scope: 'all' },
  ...{ actions: ['read'], purposes: ['TREAT'] },
};

test('nobody this record: the other one and the list stay open, and its custodian treats on', async () => {
  const { patient, records } = await grantedPatient();
  await river.submit('denyAccess', deny(patient, { what: { records: [records[0]] } }));
  expect((await read(records[0])).outcome).toEqual(denied);
  expect((await read(records[1])).outcome).toEqual(granted);
  expect((await list(patient)).outcome).toEqual({ is: 'granted', basis: 'grant' });
  const own = { kind: 'read' as const, session: atRiver, record: records[0], purpose: 'TREAT' as const };
  expect((await river.request(own)).outcomes[0]).toMatchObject({ is: 'granted', basis: 'custodian' });
});

test('a hospital that may record is shut out from recording too', async () => {
  const { patient } = await grantedPatient();
  await river.submit('denyAccess', deny(patient, { who: { organisation: 'RiversideMSP' } }));
  expect(await codeOf(river.anchor(atRiver, patient.id, freshId()))).toBe('DENIED_BY_PATIENT');
});

test('an access that was granted before a denial is not released after it', async () => {
  const { patient, records } = await grantedPatient();
  const { access } = await read(records[0]);
  await river.ledger.commitOf(access.slice(0, 64), 5_000);
  const releasable = () => river.ledger.evaluate(queries.releasable, JSON.stringify([access]));
  expect(await releasable()).toMatchObject([{ now: { is: 'granted' } }]);
  await river.submit('denyAccess', deny(patient, { what: { records: [records[0]] } }));
  expect(await releasable()).toMatchObject([{ now: denied }]);
});

test.each<
  [string, (patient: LedgerPatient, other: LedgerPatient) => [string, 'denyAccess' | 'liftDenial'], string]
>([
  ['of nobody from nothing', (patient) => [deny(patient, {}), 'denyAccess'], 'INVALID_STATEMENT'],
  [
    'with a used number',
    (patient) => [deny(patient, { what: { records: [freshId()] } }, 2), 'denyAccess'],
    'STALE_SEQUENCE',
  ],
  [
    'in another patient’s name',
    (patient, other) => [
      other.says({ act: 'denyAccess', seq: 3, patient: patient.id, what: { records: [freshId()] } }),
      'denyAccess',
    ],
    'NOT_A_DELEGATE',
  ],
  [
    'lifted that never stood',
    (patient) => [patient.says({ act: 'liftDenial', seq: 3, denial: freshHash() }), 'liftDenial'],
    'DENIAL_UNKNOWN',
  ],
])('a denial %s is refused, and nothing is changed', async (_title, make, code) => {
  const [{ patient, records }, { patient: other }] = [await grantedPatient(), await grantedPatient()];
  const before = await river.ledger.evaluate(queries.patient, patient.id);
  const [compact, act] = make(patient, other);
  expect(await codeOf(river.submit(act, compact))).toBe(code);
  expect(await river.ledger.evaluate(queries.patient, patient.id)).toEqual(before);
  expect((await read(records[0])).outcome).toEqual(granted);
});

test('the 65th denial is refused, and lifting one makes room', async () => {
  const { patient } = await grantedPatient();
  const one = (seq: number) => deny(patient, { what: { records: [freshId()] } }, seq);
  const first = one(3);
  await river.submit('denyAccess', first);
  for (let seq = 4; seq < 67; seq += 1) await river.submit('denyAccess', one(seq));
  expect(await codeOf(river.submit('denyAccess', one(67)))).toBe('STANDING_LIMIT');
  const lift = { act: 'liftDenial', seq: 67, denial: statementIdOf(first) };
  await river.submit('liftDenial', patient.says(lift));
  expect(await codeOf(river.submit('denyAccess', one(68)))).toBe('accepted');
});
