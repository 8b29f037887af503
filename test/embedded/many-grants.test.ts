import { freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { share } from '../support/share.ts';
import { type CountedLedger, startCountedLedger } from '../support/shim-count.ts';

// A patient's grants stand beside each other, by organisation; so an access costs the same however many there are.
// What is counted is every message that the chaincode sent to its peer, between the two.

/** Grants that a patient makes over its life, so many of them live at the end. */
const many = share(10_000, 120);
const LIVE = share(250, 100);

let stage: CountedLedger;
let river: LedgerActor;
let lake: LedgerActor;

beforeAll(async () => {
  stage = await startCountedLedger();
  river = new LedgerActor('RiversideMSP', stage);
  lake = new LedgerActor('LakesideMSP', stage);
});
afterAll(async () => {
  river.close();
  lake.close();
  await stage.stop();
});

async function patientWith(records: number) {
  const patient = new LedgerPatient(river.network);
  const atRiver = await river.session();
  await river.enrol(patient, atRiver);
  const ids = Array.from({ length: records }, () => freshId());
  for (const id of ids) await river.anchor(atRiver, patient.id, id);
  return { patient, records: ids };
}

/** Reads at Lakeside, in a session begun for it: making many grants takes longer than a session lives. */
async function reading(...records: string[]) {
  const session = await lake.session();
  return lake.request(
    ...records.map((record) => ({ kind: 'read' as const, session, record, purpose: 'TREAT' as const })),
  );
}

/** Makes grants that say nothing of the records, ends with one that opens them all. */
async function grantMany(patient: LedgerPatient, count: number): Promise<void> {
  const live: string[] = [];
  for (let made = 1; made < count; made += 1) {
    const grant = patient.grant('LakesideMSP', { scope: { records: [freshId()] } });
    await lake.submit('grantConsent', grant);
    live.push(grant);
    const oldest = live.length > LIVE ? live.shift() : undefined;
    if (oldest) await river.submit('revokeConsent', patient.revocation(oldest));
  }
  await lake.submit('grantConsent', patient.grant('LakesideMSP'));
}

test(
  'many grants of a patient cost an access no more than ten do',
  async () => {
    const costs = [];
    for (const count of [10, many]) {
      const { patient, records } = await patientWith(1);
      await grantMany(patient, count);
      const { transaction, outcomes } = await reading(records[0]!);
      expect(outcomes).toEqual([{ is: 'granted', basis: 'grant', version: 1 }]);
      costs.push(stage.of(transaction));
    }
    expect(costs[1]).toEqual(costs[0]);
    // session and record; device and network; patient and what it has with the organisation; then the entry
    expect(costs[0]).toEqual({ gets: 3, objects: 6, puts: 1, all: 4 });
  },
  share(10_000_000, 60_000),
);

test('denials, grants to everybody treating and delegates are read with the patient, and cost nothing more', async () => {
  const { patient, records } = await patientWith(1);
  const person = new LedgerPatient(river.network);
  await river.enrol(person, await river.session());
  for (let seq = 2; seq < 12; seq += 1) {
    const denial = { act: 'denyAccess', seq, what: { records: [freshId()] } };
    await river.submit('denyAccess', patient.says(denial));
  }
  const naming = { act: 'nameDelegate', seq: 12, person: person.id, kind: 'carer', powers: ['log'] };
  await river.submit('nameDelegate', patient.says(naming));
  const words = { scope: 'all', actions: ['read'], purposes: ['TREAT'] };
  for (const [seq, grantee] of [
    [13, { treating: true }],
    [14, { organisation: 'LakesideMSP' }],
  ] as const) {
    await river.submit('grantConsent', patient.says({ act: 'grantConsent', seq, grantee, ...words }));
  }
  const { transaction, outcomes } = await reading(records[0]!);
  expect(outcomes).toEqual([{ is: 'granted', basis: 'grant', version: 1 }]);
  expect(stage.of(transaction)).toEqual({ gets: 3, objects: 6, puts: 1, all: 4 });
});

test('64 reads in one transaction: three questions ask for each object once, and all entries are one write', async () => {
  const { patient, records } = await patientWith(64);
  await lake.submit('grantConsent', patient.grant('LakesideMSP'));
  const { transaction, outcomes } = await reading(...records);
  expect(outcomes).toHaveLength(64);
  expect(outcomes.every(({ is }) => is === 'granted')).toBe(true);
  // the 64 records, and the five that they share
  expect(stage.of(transaction)).toEqual({ gets: 3, objects: 69, puts: 1, all: 4 });
});

test('64 reads on a grant for one use: one is granted, and the count is one write more', async () => {
  const { patient, records } = await patientWith(1);
  const grant = patient.grant('LakesideMSP', { maxUses: 1 });
  await lake.submit('grantConsent', grant);
  const { transaction, outcomes } = await reading(...Array<string>(64).fill(records[0]!));
  expect(outcomes.filter(({ is }) => is === 'granted')).toHaveLength(1);
  expect(outcomes.slice(1)).toEqual(Array(63).fill({ is: 'denied', code: 'USES_EXHAUSTED' }));
  expect(stage.of(transaction)).toEqual({ gets: 3, objects: 6, puts: 2, all: 5 });
  const { transaction: later } = await reading(records[0]!);
  expect(stage.of(later)).toEqual({ gets: 3, objects: 6, puts: 1, all: 4 });
});
