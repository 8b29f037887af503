import { connect, makeKeys, type Patient } from '@chartkey/client';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { accepted, sendStatement, statementInit } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';

const { credentials } = sharedConsortium();
const people = cast(credentials);
const { river, lake, regulator, insurer } = people;
const content = Buffer.from('a record');
const ledger = connectAs('RegulatorMSP');
afterAll(() => ledger.close());

async function patientWithRecord() {
  const patient = await people.patient();
  return { patient, record: await people.record(patient, content) };
}
const readers = (of: RestPatient, record: string, without = '') =>
  `/v1/patients/${of.id}/readers?record=${record}${without && `&without=${without}`}`;
const said = (about: unknown, organisation: string) =>
  (about as Record<string, unknown>[]).filter((one) => one['organisation'] === organisation);

describe('the patient asks through the SDK', () => {
  let patient: Patient;
  let record: string;
  beforeAll(async () => {
    const here = await connect(river.url, { network: credentials.network });
    patient = here.patient(await makeKeys());
    const { text } = await patient.enrolmentStatement({ recorder: river.organisation.id });
    accepted(await river.ask('/v1/statements', statementInit(text)));
    record = String((await river.store(patient.id, content)).json['record']);
  });
  const of = async (organisation: string) => said((await patient.readers(record)).readers, organisation);
  const words = { scope: 'all' as const, actions: ['read' as const], purposes: ['TREAT' as const] };

  test('who could read a record, why, and what would change; and a read comes out as it says', async () => {
    const custodian = { organisation: 'RiversideMSP', basis: 'custodian', purposes: ['TREAT'] };
    expect(await of('RiversideMSP')).toEqual([custodian]);
    expect(await of('LakesideMSP')).toEqual([{ organisation: 'LakesideMSP', code: 'NO_GRANT' }]);
    expect((await lake.read(record)).code).toBe('NO_GRANT');
    const grantee = { organisation: 'LakesideMSP', role: 'physician' as const };
    const { id: grant } = await patient.grant({ grantee, ...words });
    const way = { organisation: 'LakesideMSP', basis: 'grant', grant, narrowedTo: { role: 'physician' } };
    expect(await of('LakesideMSP')).toEqual([{ ...way, purposes: ['TREAT'] }]);
    expect((await lake.read(record)).status).toBe(200);
    expect(await patient.ifRevoked(record, grant)).toEqual({
      statement: grant,
      lost: [{ ...way, purposes: ['TREAT'] }],
      gained: [{ organisation: 'LakesideMSP', code: 'NO_GRANT' }],
    });
    // Asking changes nothing.
    expect((await lake.read(record)).status).toBe(200);
  });

  test('a denial beats the grant until it is lifted, and both are told', async () => {
    const { id: denial } = await patient.deny({ who: { organisation: 'LakesideMSP' } });
    expect(await patient.denials().first(9)).toEqual([{ denial, who: { organisation: 'LakesideMSP' } }]);
    const shut = { organisation: 'LakesideMSP', code: 'DENIED_BY_PATIENT', ground: denial };
    expect(await of('LakesideMSP')).toEqual([shut]);
    expect((await lake.read(record)).code).toBe('DENIED_BY_PATIENT');
    const { lost, gained } = await patient.ifRevoked(record, denial);
    expect([lost, gained]).toMatchObject([[shut], [{ organisation: 'LakesideMSP', basis: 'grant' }]]);
    await patient.liftDenial(denial);
    expect(await patient.denials().first(9)).toEqual([]);
    expect((await lake.read(record)).status).toBe(200);
  });
});

test('a refusal tells the asker its code and what to do, and nothing of what the patient said', async () => {
  const { patient, record } = await patientWithRecord();
  const grant = await patient.grant('LakesideMSP');
  const denial = await patient.orders({ act: 'denyAccess', what: { records: [record] } });
  const refused = await lake.read(record);
  expect(refused.json).toEqual({
    type: 'urn:chartkey:failure:DENIED_BY_PATIENT',
    title: 'The patient has shut this out, whatever was granted.',
    detail: 'Ask the patient to lift the denial.',
    ...{ status: 403, code: 'DENIED_BY_PATIENT', access: refused.access },
  });
  await patient.orders({ act: 'liftDenial', denial });
  expect((await lake.read(record)).status).toBe(200);
  // The patient and the regulator see on what each look was decided.
  const path = `/v1/patients/${patient.id}/accesses`;
  for (const log of [await patient.pages(path), await regulator.pages(path)]) {
    expect(log).toMatchObject([
      { decision: 'granted', basis: 'grant', grant },
      { decision: 'denied', code: 'DENIED_BY_PATIENT', ground: denial },
    ]);
  }
});

test('of a frozen patient a custodian reads and lists its own records to treat, and nobody reads anything else', async () => {
  const { patient, record } = await patientWithRecord();
  await patient.grant('LakesideMSP', { actions: ['read', 'record'] });
  const there = String((await lake.store(patient.id, content)).json['record']);
  const lists = async () => {
    const { json } = await river.list(patient.id);
    return (json['items'] as { record: string }[]).map((one) => one.record);
  };
  expect((await lists()).sort()).toEqual([record, there].sort());
  accepted(await sendStatement(river.url, patient.says({ act: 'freeze' })));
  expect(await lists()).toEqual([record]);
  const answers = [await river.read(record), await river.read(there), await lake.read(record)];
  expect(answers.map(({ code }) => code)).toEqual(['', 'PATIENT_FROZEN', 'PATIENT_FROZEN']);
  const { json } = await patient.ask(readers(patient, there));
  expect(said(json['readers'], 'RiversideMSP')).toMatchObject([{ code: 'PATIENT_FROZEN' }]);
  expect(said(json['readers'], 'LakesideMSP')).toMatchObject([{ basis: 'custodian' }]);
});

describe('who may ask who could read', () => {
  let own: Awaited<ReturnType<typeof patientWithRecord>>;
  let stranger: RestPatient;
  beforeAll(async () => {
    [own, stranger] = [await patientWithRecord(), await people.patient()];
  });

  test('hospitals, third parties and other patients may not, of readers or denials', async () => {
    for (const path of [readers(own.patient, own.record), `/v1/patients/${own.patient.id}/denials`]) {
      const answers = [
        await river.ask(path),
        await lake.ask(path),
        await insurer.ask(path),
        await stranger.ask(path),
      ];
      expect(answers.map(({ status, code }) => `${status} ${code}`)).toEqual(Array(4).fill('403 NOT_YOURS'));
    }
  });

  test('a regulator may, and each of its questions is on the ledger first', async () => {
    const { patient, record } = own;
    const of = (list: string) => `/v1/patients/${patient.id}/${list}`;
    const { status, json } = await regulator.ask(readers(patient, record));
    expect([status, said(json['readers'], 'LakesideMSP')]).toEqual([
      200,
      [{ organisation: 'LakesideMSP', code: 'NO_GRANT' }],
    ]);
    for (const path of [readers(patient, record), of('denials'), of('grants'), of('accesses')]) {
      const first = await ledger.height();
      expect((await regulator.ask(path)).status).toBe(200);
      const writes = (await blocksFrom(ledger, first)).flatMap(({ transactions }) =>
        transactions.flatMap(({ valid, writes }) => (valid ? writes : [])),
      );
      const questions = writes.filter(({ objectType }) => objectType === 'audit-query');
      expect(questions).toContainEqual(
        expect.objectContaining({ value: expect.objectContaining({ device: regulator.id }) }),
      );
    }
  });

  test('a delegate who sees the log may, one who only reads may not, nor one who was', async () => {
    const [watching, reading] = [await people.patient(), await people.patient()];
    const name = (person: RestPatient, powers: string[]) =>
      own.patient.orders({ act: 'nameDelegate', person: person.id, kind: 'carer', powers });
    const delegation = await name(watching, ['log']);
    await name(reading, ['read']);
    const path = readers(own.patient, own.record);
    const { json } = await watching.ask(path);
    expect(json['readers']).toContainEqual({ person: watching.id, code: 'NOT_A_DELEGATE' });
    expect(json['readers']).toContainEqual(
      expect.objectContaining({ person: reading.id, basis: 'delegate' }),
    );
    expect((await reading.ask(path)).code).toBe('NOT_YOURS');
    accepted(await sendStatement(river.url, own.patient.says({ act: 'revokeDelegate', delegation })));
    expect((await watching.ask(path)).code).toBe('NOT_YOURS');
  });

  test('a delegate learns nothing here of what the patient hides from it, and nothing at all when suspected', async () => {
    const guardian = await people.patient();
    const { patient, record } = await patientWithRecord();
    const powers = ['log', 'read', 'grant'];
    await patient.orders({ act: 'nameDelegate', person: guardian.id, kind: 'guardian', powers });
    const what = { records: [record] };
    await patient.orders({ act: 'denyAccess', who: { person: guardian.id }, what });
    await patient.orders({ act: 'denyAccess', what });
    const against = await patient.orders({ act: 'denyAccess', who: { organisation: 'LakesideMSP' } });
    const denials = `/v1/patients/${patient.id}/denials`;
    expect((await guardian.ask(readers(patient, record))).code).toBe('RECORD_UNKNOWN');
    expect((await guardian.ask(denials)).json['items']).toMatchObject([{ denial: against }]);
    expect((await patient.ask(denials)).json['items']).toHaveLength(3);
    accepted(await sendStatement(river.url, patient.says({ act: 'freeze', suspect: guardian.id })));
    for (const path of [denials, `/v1/patients/${patient.id}/break-glass`]) {
      expect([path, (await guardian.ask(path)).code]).toEqual([path, 'NOT_YOURS']);
    }
  });

  test.each<[string, () => Promise<string>, string]>([
    [
      'of another patient’s record',
      async () => readers(own.patient, (await patientWithRecord()).record),
      '404 RECORD_UNKNOWN',
    ],
    ['of a record that is none', async () => readers(own.patient, 'a'.repeat(26)), '404 RECORD_UNKNOWN'],
    [
      'without what does not stand',
      async () => readers(own.patient, own.record, 'A'.repeat(43)),
      '404 GRANT_UNKNOWN',
    ],
    ['without a record', async () => `/v1/patients/${own.patient.id}/readers`, '400 INVALID_REQUEST'],
    ['of something else', async () => readers(own.patient, 'x'), '400 INVALID_REQUEST'],
    [
      'with a member more',
      async () => `${readers(own.patient, own.record)}&when=now`,
      '400 UNKNOWN_PARAMETER',
    ],
  ])('asked %s: a plain refusal', async (_title, path, expected) => {
    const { status, code } = await own.patient.ask(await path());
    expect(`${status} ${code}`).toBe(expected);
  });
});
