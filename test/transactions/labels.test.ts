import { queries, type RecordFacts, transactions } from '@chartkey/vocabulary';
import { sealLabelKey } from '../../client/src/label-key.ts';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { testKey } from '../support/signing.ts';

const river = new LedgerActor('RiversideMSP');
afterAll(() => river.close());
const label = () => Buffer.from(freshHash(), 'base64url').subarray(0, 16).toString('base64url');
const sealed = (patient: string, custodian: string) =>
  sealLabelKey(new Uint8Array(32), testKey().publicJwk, { network: river.network, patient, custodian });

async function enrolled(): Promise<{ patient: LedgerPatient; session: string }> {
  const patient = new LedgerPatient(river.network);
  const session = await river.session();
  await river.enrol(patient, session);
  return { patient, session };
}
const anchor = (input: object) =>
  river.ledger.submit(transactions.anchorRecord, { record: freshId(), commitment: freshHash(), ...input });

test('a record has its labels from the first version on, and a later one keeps them', async () => {
  const { patient, session } = await enrolled();
  const record = freshId();
  const labels = [label(), label()].sort();
  await anchor({ session, record, patient: patient.id, labels });
  await river.ledger.submit(transactions.addVersion, {
    session,
    record,
    version: 2,
    commitment: freshHash(),
  });
  const facts = (await river.ledger.evaluate(queries.record, record)) as RecordFacts;
  expect([facts.newest, facts.labels]).toEqual([2, labels]);
});

test('more than 8 labels, one twice, or what is none is refused', async () => {
  const { patient, session } = await enrolled();
  const one = label();
  const spoilt = [Array.from({ length: 9 }, label), [one, one], ['HIV'], [`${one.slice(0, 21)}B`], []];
  for (const labels of spoilt) {
    expect(await codeOf(anchor({ session, patient: patient.id, labels }))).toBe('INVALID_TRANSACTION');
  }
});

test('a grant and a denial reach the records of a label, and no others', async () => {
  const { patient, session } = await enrolled();
  const lake = new LedgerActor('LakesideMSP');
  try {
    const [own, other] = [label(), label()];
    const [labelled, neighbour] = [freshId(), freshId()];
    await anchor({ session, record: labelled, patient: patient.id, labels: [own] });
    await anchor({ session, record: neighbour, patient: patient.id, labels: [other] });
    const at = await lake.session();
    const read = (record: string) => ({
      kind: 'read' as const,
      session: at,
      record,
      purpose: 'TREAT' as const,
    });
    const codes = async () => {
      const { outcomes } = await lake.request(read(labelled), read(neighbour));
      return outcomes.map((one) => ('code' in one ? one.code : one.is));
    };
    await river.submit('grantConsent', patient.grant('LakesideMSP', { scope: { labels: [own] } }));
    expect(await codes()).toEqual(['granted', 'NO_GRANT']);
    await river.submit('grantConsent', patient.grant('LakesideMSP'));
    expect(await codes()).toEqual(['granted', 'granted']);
    await river.submit('denyAccess', patient.says({ act: 'denyAccess', seq: 4, what: { labels: [own] } }));
    expect(await codes()).toEqual(['DENIED_BY_PATIENT', 'granted']);
  } finally {
    lake.close();
  }
});

test('a label key is taken with an enrolment or a grant to record, for exactly that recorder', async () => {
  const patient = new LedgerPatient(river.network);
  const session = await river.session();
  const enrolment = (labelKey: string) =>
    patient.says({
      ...{ act: 'enrolPatient', seq: 1, sig: patient.sig.publicJwk, enc: patient.enc.publicJwk },
      ...{ recorder: 'RiversideMSP', labelKey },
    });
  const enrol = (statement: string) => river.ledger.submit(transactions.enrolPatient, { statement, session });
  const [here, there] = [await sealed(patient.id, 'RiversideMSP'), await sealed(patient.id, 'LakesideMSP')];
  expect(await codeOf(enrol(enrolment(there)))).toBe('INVALID_STATEMENT');
  expect(await codeOf(enrol(enrolment('canary.canary.canary.canary.canary')))).toBe('INVALID_STATEMENT');
  expect(await codeOf(enrol(enrolment(here)))).toBe('accepted');
  const grant = (labelKey: string, actions: string[]) =>
    river.submit('grantConsent', patient.grant('LakesideMSP', { labelKey, actions }));
  expect(await codeOf(grant(here, ['record']))).toBe('INVALID_STATEMENT');
  patient['seq'] = 1;
  expect(await codeOf(grant(there, ['read']))).toBe('INVALID_STATEMENT');
  patient['seq'] = 1;
  expect(await codeOf(grant(there, ['record']))).toBe('accepted');
});
