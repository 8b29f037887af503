import { queries, type ReadItem } from '@chartkey/vocabulary';
import type * as z from 'zod';
import { codeOf, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { statementIdOf } from '../support/signing.ts';

let river: LedgerActor;
let lake: LedgerActor;
let riverSession: string;
let lakeSession: string;

beforeAll(async () => {
  river = new LedgerActor('RiversideMSP');
  lake = new LedgerActor('LakesideMSP');
  [riverSession, lakeSession] = await Promise.all([river.session(), lake.session()]);
});
afterAll(() => {
  river.close();
  lake.close();
});

async function patientWithRecord() {
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, riverSession);
  const record = freshId();
  await river.anchor(riverSession, patient.id, record);
  return { patient, record };
}

const read = (record: string, session = lakeSession): z.infer<typeof ReadItem> => ({
  kind: 'read',
  session,
  record,
  purpose: 'TREAT',
});

test('a read is denied, granted, and after a revocation denied again, each with an entry', async () => {
  const { patient, record } = await patientWithRecord();
  const before = await lake.request(read(record));
  expect(before.outcomes).toEqual([{ is: 'denied', code: 'NO_GRANT' }]);
  const grant = patient.grant('LakesideMSP');
  await lake.submit('grantConsent', grant);
  const granted = await lake.request(read(record));
  expect(granted.outcomes).toEqual([{ is: 'granted', basis: 'grant', version: 1 }]);
  await river.submit('revokeConsent', patient.revocation(grant));
  const after = await lake.request(read(record));
  expect(after.outcomes).toEqual([{ is: 'denied', code: 'NO_GRANT' }]);
  const entries = [before, granted, after].map(({ transaction }) =>
    lake.ledger.evaluate(queries.access, `${transaction}:0`),
  );
  expect(await Promise.all(entries)).toMatchObject([
    { decision: 'denied', code: 'NO_GRANT', record, patient: patient.id, organisation: 'LakesideMSP' },
    { decision: 'granted', basis: 'grant', grant: statementIdOf(grant), version: 1 },
    { decision: 'denied', code: 'NO_GRANT' },
  ]);
});

test('64 reads on a grant for one use: one is granted, 63 are not', async () => {
  const { patient, record } = await patientWithRecord();
  await lake.submit('grantConsent', patient.grant('LakesideMSP', { maxUses: 1 }));
  const { outcomes } = await lake.request(...Array.from({ length: 64 }, () => read(record)));
  expect(outcomes.filter(({ is }) => is === 'granted')).toHaveLength(1);
  expect(outcomes.slice(1)).toEqual(Array(63).fill({ is: 'denied', code: 'USES_EXHAUSTED' }));
});

test('concurrent reads on a counted grant never exceed it', async () => {
  const { patient, record } = await patientWithRecord();
  await lake.submit('grantConsent', patient.grant('LakesideMSP', { maxUses: 3 }));
  const tries = await Promise.allSettled(Array.from({ length: 12 }, () => lake.request(read(record))));
  const granted = tries.filter(
    (one) => one.status === 'fulfilled' && one.value.outcomes[0]?.is === 'granted',
  );
  expect(granted.length).toBeGreaterThan(0);
  expect(granted.length).toBeLessThanOrEqual(3);
});

test('the same statement again has its first outcome', async () => {
  const { patient } = await patientWithRecord();
  const grant = patient.grant('LakesideMSP');
  const first = await lake.submit('grantConsent', grant);
  const again = await river.submit('grantConsent', grant);
  expect(again.result).toEqual({ ...(first.result as object), repeated: true });
});

test('a used number is stale and says which is expected; skip burns one', async () => {
  const { patient } = await patientWithRecord();
  const withheld = patient.grant('LakesideMSP');
  await river.submit('skip', patient.says({ act: 'skip', seq: 2 }));
  await expect(lake.submit('grantConsent', withheld)).rejects.toMatchObject({
    code: 'STALE_SEQUENCE',
    about: { expected: '3' },
  });
});

test('a revocation by another patient, or of nothing, changes nothing', async () => {
  const { patient, record } = await patientWithRecord();
  const { patient: stranger } = await patientWithRecord();
  const grant = patient.grant('LakesideMSP');
  await lake.submit('grantConsent', grant);
  expect(await codeOf(lake.submit('revokeConsent', stranger.revocation(grant)))).toBe('GRANT_UNKNOWN');
  expect((await lake.request(read(record))).outcomes[0]?.is).toBe('granted');
});

test.each([
  ['to a regulator', 'RegulatorMSP', 'KIND_NOT_ALLOWED'],
  ['to a third party', 'InsurerMSP', 'KIND_NOT_ALLOWED'],
  ['to nobody', 'NobodyMSP', 'ORGANISATION_UNKNOWN'],
])('a grant %s is refused', async (_title, organisation, code) => {
  const { patient } = await patientWithRecord();
  expect(await codeOf(lake.submit('grantConsent', patient.grant(organisation)))).toBe(code);
});

test('the recorder’s grant can be revoked, and then nothing more is recorded', async () => {
  const patient = new LedgerPatient(river.network);
  const { result } = await river.enrol(patient, riverSession);
  const { id } = result as { id: string };
  await river.anchor(riverSession, patient.id, freshId());
  await river.submit('revokeConsent', patient.says({ act: 'revokeConsent', grant: id }));
  expect(await codeOf(river.anchor(riverSession, patient.id, freshId()))).toBe('NO_GRANT');
});
