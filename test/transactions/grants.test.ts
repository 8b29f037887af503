import { type AccessItem, type AccessOutcome, queries } from '@chartkey/vocabulary';
import { codeOf, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { statementIdOf } from '../support/signing.ts';

// Grants to everybody treating, grants passed on, grants by delegates, and denials, on the ledger itself.
let river: LedgerActor;
let lake: LedgerActor;
let atRiver: string;
let atLake: string;
let physician: LedgerPractitioner;

beforeAll(async () => {
  river = new LedgerActor('RiversideMSP');
  lake = new LedgerActor('LakesideMSP');
  [atRiver, atLake] = await Promise.all([river.session(), lake.session()]);
  physician = await LedgerPractitioner.registered(lake);
});
afterAll(() => {
  river.close();
  lake.close();
});

async function patientWithRecord() {
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, atRiver);
  const record = freshId();
  await river.anchor(atRiver, patient.id, record);
  return { patient, record };
}
const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString();
const read = async (record: string, session = atLake): Promise<AccessOutcome | undefined> => {
  const item: AccessItem = { kind: 'read', session, record, purpose: 'TREAT' };
  return (await lake.request(item)).outcomes[0];
};
const granted = { is: 'granted', basis: 'grant', version: 1 };
const denied = (code: string) => ({ is: 'denied', code });
const toAll = { grantee: { treating: true } };

describe('a grant to everybody treating', () => {
  const declares = (patient: LedgerPatient, until: string, by = physician) =>
    by.tries('declareTreatment', by.says({ act: 'declareTreatment', patient: patient.id, until }));

  test('opens records to a hospital whose practitioner has declared a treatment, and to no other', async () => {
    const { patient, record } = await patientWithRecord();
    const grant = patient.grant('LakesideMSP', toAll);
    await river.submit('grantConsent', grant);
    expect(await read(record)).toEqual(denied('TREATMENT_REQUIRED'));
    await declares(patient, days(1));
    expect(await read(record)).toEqual(granted);
    await river.submit('revokeConsent', patient.revocation(grant));
    expect(await read(record)).toEqual(denied('NO_GRANT'));
  });

  test('a treatment that is over, or was declared of another patient, opens nothing', async () => {
    const { patient, record } = await patientWithRecord();
    const { patient: other } = await patientWithRecord();
    await river.submit('grantConsent', patient.grant('LakesideMSP', toAll));
    await declares(patient, days(-1));
    await declares(other, days(1));
    expect(await read(record)).toEqual(denied('TREATMENT_REQUIRED'));
  });

  test('64 reads on one use: one is granted', async () => {
    const { patient, record } = await patientWithRecord();
    await river.submit('grantConsent', patient.grant('LakesideMSP', { ...toAll, maxUses: 1 }));
    await declares(patient, days(1));
    const item = { kind: 'read' as const, session: atLake, record, purpose: 'TREAT' as const };
    const { outcomes } = await lake.request(...Array.from({ length: 64 }, () => item));
    expect(outcomes[0]).toEqual(granted);
    expect(outcomes.slice(1)).toEqual(Array(63).fill(denied('USES_EXHAUSTED')));
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'for more than 90 days',
      async () => declares((await patientWithRecord()).patient, days(91)),
      'INVALID_STATEMENT',
    ],
    [
      'of nobody who is enrolled',
      () => declares(new LedgerPatient(river.network), days(1)),
      'PATIENT_UNKNOWN',
    ],
    [
      'by a key that nobody registered',
      async () => {
        const { patient } = await patientWithRecord();
        const until = days(1);
        const stranger = new LedgerPatient(river.network);
        const words = { act: 'declareTreatment', seq: 1, patient: patient.id, until };
        return lake.submit('declareTreatment', stranger.says(words));
      },
      'PRACTITIONER_UNKNOWN',
    ],
    [
      'by a regulator’s practitioner',
      async () => {
        const regulator = new LedgerActor('RegulatorMSP');
        const auditor = await LedgerPractitioner.registered(regulator, { role: 'auditor' });
        const { patient } = await patientWithRecord();
        return declares(patient, days(1), auditor).finally(() => regulator.close());
      },
      'KIND_NOT_ALLOWED',
    ],
  ])('a treatment is not declared %s', async (_title, work, code) => {
    expect(await codeOf(work())).toBe(code);
  });
});

describe('a grant that may be passed on', () => {
  const passes = (patient: LedgerPatient, grant: string, to = 'HilltopMSP', by = physician) =>
    by.tries('passOn', by.says({ act: 'passOn', patient: patient.id, grant: statementIdOf(grant), to }));
  const grantsOf = async (patient: LedgerPatient, organisation: string) =>
    (await river.ledger.evaluate(queries.grants, patient.id, organisation)) as { grant: string }[];
  async function passable(change: object = {}) {
    const { patient, record } = await patientWithRecord();
    const grant = patient.grant('LakesideMSP', { passOn: true, scope: { records: [record] }, ...change });
    await lake.submit('grantConsent', grant);
    return { patient, record, grant };
  }

  test('is passed on once, to one other hospital, and what was passed on never again', async () => {
    const { patient, record, grant } = await passable();
    const passed = await passes(patient, grant);
    expect(await grantsOf(patient, 'HilltopMSP')).toEqual([
      {
        ...{ grant: passed, grantee: { organisation: 'HilltopMSP' }, scope: { records: [record] } },
        ...{ actions: ['read'], purposes: ['TREAT'], uses: 0, from: statementIdOf(grant) },
      },
    ]);
    expect(await codeOf(passes(patient, grant, 'RiversideMSP'))).toBe('PASS_ON_NOT_GRANTED');
    expect(await read(record)).toEqual(granted);
  });

  test('goes with what was passed on from it when it is revoked', async () => {
    const { patient, record, grant } = await passable();
    await passes(patient, grant);
    await river.submit('revokeConsent', patient.revocation(grant));
    expect(await grantsOf(patient, 'HilltopMSP')).toEqual([]);
    expect(await read(record)).toEqual(denied('NO_GRANT'));
  });

  test('stays when the patient takes back only what was passed on, and is not passed on again', async () => {
    const { patient, record, grant } = await passable();
    const passed = await passes(patient, grant);
    await river.submit('revokeConsent', patient.says({ act: 'revokeConsent', grant: passed }));
    expect(await grantsOf(patient, 'HilltopMSP')).toEqual([]);
    expect(await read(record)).toEqual(granted);
    expect(await codeOf(passes(patient, grant))).toBe('PASS_ON_NOT_GRANTED');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'where the patient did not allow it',
      async () => {
        const { patient } = await patientWithRecord();
        const grant = patient.grant('LakesideMSP');
        await lake.submit('grantConsent', grant);
        return passes(patient, grant);
      },
      'PASS_ON_NOT_GRANTED',
    ],
    [
      'by a practitioner of another hospital',
      async () => {
        const { patient, grant } = await passable();
        return passes(patient, grant, 'HilltopMSP', await LedgerPractitioner.registered(river));
      },
      'PASS_ON_NOT_GRANTED',
    ],
    [
      'by another practitioner than it is for',
      async () => {
        const { patient, grant } = await passable({
          grantee: { organisation: 'LakesideMSP', practitioner: freshId() },
        });
        return passes(patient, grant);
      },
      'PASS_ON_NOT_GRANTED',
    ],
    [
      'to a third party',
      async () => {
        const { patient, grant } = await passable();
        return passes(patient, grant, 'InsurerMSP');
      },
      'KIND_NOT_ALLOWED',
    ],
    [
      'in another patient’s name',
      async () => {
        const { grant } = await passable();
        const { patient: other } = await patientWithRecord();
        return passes(other, grant);
      },
      'PASS_ON_NOT_GRANTED',
    ],
    [
      'while the patient is frozen',
      async () => {
        const { patient, grant } = await passable();
        await river.submit('freeze', patient.says({ act: 'freeze' }));
        return passes(patient, grant);
      },
      'PATIENT_FROZEN',
    ],
  ])('is not passed on %s', async (_title, work, code) => {
    expect(await codeOf(work())).toBe(code);
  });

  test.each([
    ['a counted one', { maxUses: 2 }],
    ['one to everybody treating', toAll],
  ])('is never %s', async (_title, words) => {
    const { patient } = await patientWithRecord();
    const grant = patient.grant('LakesideMSP', { passOn: true, ...words });
    expect(await codeOf(lake.submit('grantConsent', grant))).toBe('INVALID_STATEMENT');
  });
});
