import {
  connect,
  type Device,
  type Gateway,
  importKeys,
  makeKeys,
  type Patient,
  ProblemError,
} from '@chartkey/client';
import { sharedConsortium } from '../support/consortium.ts';
import { placesOf } from './canaries.ts';
import { Cast, eventually } from './cast.ts';

const { credentials, ...whereabouts } = sharedConsortium();
const cast = new Cast(credentials);
const { river, lake, network } = cast;
let here: Gateway;
let there: Gateway;
let ehr: Device;
let elsewhere: Device;
beforeAll(async () => {
  here = await connect(river.url, { network });
  there = await connect(lake.url, { network });
  const acting = { practitioner: 'a'.repeat(26), role: 'physician', purposes: ['TREAT'] } as const;
  ehr = here.device((await importKeys(river.ehr)).sig, acting);
  elsewhere = there.device((await importKeys(lake.ehr)).sig, acting);
});

async function enrolled(): Promise<Patient> {
  const patient = here.patient(await makeKeys());
  const approval = await ehr.gatewayApproval();
  await ehr.enrol(await patient.enrolmentStatement({ recorder: river.id, approval }));
  return patient;
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ProblemError ? error.code : Promise.reject(error)),
  );
const text = (words: string) => new Blob([words]);
const listed = (patient: Patient, record: string) =>
  eventually(async () => (await patient.records().first(50)).find((one) => one.record === record));

test('what a patient adds is kept by its hospital, marked as the patient’s, and read under the same law', async () => {
  const patient = await enrolled();
  const { record, custodian } = await patient.storeRecord(text('140/90 at home'), 'text/plain');
  expect(custodian).toBe(river.id);
  const anchor = await patient.anchor(record);
  expect([anchor.byPatient, anchor.versions[0]?.author]).toEqual([true, patient.id]);
  expect(await listed(patient, record)).toMatchObject({ byPatient: true });
  expect(await new Response((await ehr.readRecord(record)).body).text()).toBe('140/90 at home');
  expect(await codeOf(elsewhere.readRecord(record))).toBe('NO_GRANT');
  const grantee = { organisation: lake.id };
  await patient.grant({ grantee, scope: { records: [record] }, actions: ['read'], purposes: ['TREAT'] });
  expect(await new Response((await elsewhere.readRecord(record)).body).text()).toBe('140/90 at home');
});

test('an upload sent again has its first outcome, another one under its key is refused', async () => {
  const patient = await enrolled();
  const idempotencyKey = `k-${patient.id}`;
  const store = (words: string) => patient.storeRecord(text(words), 'text/plain', { idempotencyKey });
  const first = await store('one');
  expect(await store('one')).toEqual(first);
  expect(await codeOf(store('two'))).toBe('IDEMPOTENCY_MISMATCH');
  expect(await codeOf(ehr.storeRecord(patient.id, text('one'), 'text/plain', { idempotencyKey }))).toBe(
    'done',
  );
});

test('a patient’s record has the labels that the patient gives it', async () => {
  const patient = await enrolled();
  const { record } = await patient.storeRecord(text('x'), 'text/plain', { labels: ['SUD'] });
  expect((await patient.anchor(record)).labels).toEqual(patient.labelsAt(river.id).of('SUD'));
});

test('a new version of it is by the patient alone, and the patient adds none to the hospital’s', async () => {
  const patient = await enrolled();
  const own = await patient.storeRecord(text('one'), 'text/plain');
  const theirs = await ehr.storeRecord(patient.id, text('theirs'), 'text/plain');
  expect(await codeOf(ehr.storeVersion(own.record, 1, text('two'), 'text/plain'))).toBe('PATIENT_AUTHORED');
  expect(await codeOf(patient.storeVersion(theirs.record, 1, text('two'), 'text/plain'))).toBe(
    'DEVICES_ONLY',
  );
  expect((await patient.storeVersion(own.record, 1, text('two'), 'text/plain')).version).toBe(2);
  expect(await codeOf(patient.storeVersion(own.record, 1, text('three'), 'text/plain'))).toBe(
    'VERSION_CONFLICT',
  );
  const stranger = await enrolled();
  expect(await codeOf(stranger.storeVersion(own.record, 2, text('x'), 'text/plain'))).toBe('NOT_A_DELEGATE');
});

test('a correction is linked to the version it corrects, for everybody who sees the record', async () => {
  const patient = await enrolled();
  const { record: wrong } = await ehr.storeRecord(patient.id, text('10 mg'), 'text/plain');
  const corrects = { record: wrong, correction: 'wrong-dose' } as const;
  const { record } = await patient.storeRecord(text('I take 5 mg'), 'text/plain', { corrects });
  const linked = { record: wrong, version: 1, correction: 'wrong-dose' };
  expect((await ehr.anchor(record)).corrects).toEqual(linked);
  expect(await listed(patient, record)).toMatchObject({ byPatient: true, corrects: linked });
  const stranger = await enrolled();
  expect(await codeOf(stranger.storeRecord(text('x'), 'text/plain', { corrects }))).toBe('RECORD_UNKNOWN');
  const half = {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain', 'Idempotency-Key': 'half' },
    body: 'x',
  };
  const bearer = await cast.token(river);
  const answer = await fetch(`${river.url}/v1/records?patient=${patient.id}&corrects=${wrong}`, {
    ...half,
    headers: { ...half.headers, Authorization: `Bearer ${bearer}` },
  });
  expect([answer.status, (await answer.json()).code]).toEqual([400, 'INVALID_REQUEST']);
});

test('a delegate with the power to record adds for the patient, and nobody else does', async () => {
  const [patient, carer] = [await enrolled(), await enrolled()];
  const add = () => carer.storeRecord(text('she slept well'), 'text/plain', { patient: patient.id });
  expect(await codeOf(add())).toBe('NOT_A_DELEGATE');
  const { author, numbered } = { author: patient.statements.author, numbered: patient.statements };
  await numbered.numbered((seq) =>
    author.sign({ act: 'nameDelegate', seq, person: carer.id, kind: 'carer', powers: ['record'] }),
  );
  const { record } = await add();
  const anchor = await patient.anchor(record);
  expect([anchor.patient, anchor.byPatient, anchor.versions[0]?.author]).toEqual([
    patient.id,
    true,
    carer.id,
  ]);
});

test('a hospital keeps what the patients that it enrolled record, and nobody else’s', async () => {
  const patient = await enrolled();
  const visiting = there.patient(patient.keys);
  expect(await codeOf(visiting.storeRecord(text('x'), 'text/plain'))).toBe('NOT_KEPT_HERE');
});

test('a record becomes the emergency card by the patient’s own statement', async () => {
  const patient = await enrolled();
  const { record } = await patient.storeRecord(text('allergic to penicillin'), 'text/plain');
  expect(await patient.setEmergencyCard(record)).toMatchObject({ act: 'setEmergencyCard' });
  expect(await patient.setEmergencyCard()).toMatchObject({ act: 'setEmergencyCard' });
});

test('nothing that a patient wrote is on the chain, in a state, a log or a metric', async () => {
  const patient = await enrolled();
  const words = `canary${patient.id.slice(0, 20)}`;
  await patient.storeRecord(text(words), `text/plain; name="${words}.txt"`, { idempotencyKey: words });
  expect(await placesOf(words, whereabouts)).toEqual([]);
});
