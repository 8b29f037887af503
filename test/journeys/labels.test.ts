import {
  connect,
  type Device,
  type Gateway,
  importKeys,
  makeKeys,
  Patient,
  ProblemError,
} from '@chartkey/client';
import { Sensitivity } from '@chartkey/vocabulary';
import { sharedConsortium } from '../support/consortium.ts';
import { placesOf } from './canaries.ts';
import { Cast } from './cast.ts';

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

/** A patient whose enrolment brought Riverside the key for labels. */
async function enrolled(): Promise<Patient> {
  const patient = here.patient(await makeKeys());
  const approval = await ehr.gatewayApproval();
  await ehr.enrol(await patient.enrolmentStatement({ recorder: river.id, approval }));
  return patient;
}
const store = async (patient: Patient, labels: Sensitivity[], device = ehr) =>
  (await device.storeRecord(patient.id, new Blob(['a finding']), 'text/plain', { labels })).record;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ProblemError ? error.code : Promise.reject(error)),
  );
const read = { actions: ['read'], purposes: ['TREAT'] } as const;
const toLake = (words: object) =>
  ({ grantee: { organisation: lake.id }, scope: 'all', ...read, ...words }) as never;

test('a patient grants the records of one class, and denies those of another', async () => {
  const patient = await enrolled();
  const labels = patient.labelsAt(river.id);
  const [psychiatry, hiv, plain] = [
    await store(patient, ['PSY']),
    await store(patient, ['HIV', 'PSY']),
    await store(patient, []),
  ];
  await patient.grant(toLake({ scope: { labels: labels.of('PSY') } }));
  expect(await codeOf(elsewhere.readRecord(plain))).toBe('NO_GRANT');
  for (const one of [psychiatry, hiv]) expect(await codeOf(elsewhere.readRecord(one))).toBe('done');
  await patient.grant(toLake({ scope: { except: { labels: labels.of('HIV') } } }));
  expect(await codeOf(elsewhere.readRecord(plain))).toBe('done');
  expect((await patient.anchor(hiv)).labels).toEqual(labels.of('HIV', 'PSY').sort());
});

test('every version keeps the record’s labels, and each one’s header says them', async () => {
  const patient = await enrolled();
  const record = await store(patient, ['SUD']);
  await ehr.storeVersion(record, 1, new Blob(['another']), 'text/plain');
  // A custodian compares the sealed header with the ledger before it releases.
  await patient.grant(toLake({ scope: { labels: patient.labelsAt(river.id).of('SUD') } }));
  const { body, version } = await elsewhere.readRecord(record);
  expect([version, await new Response(body).text()]).toEqual([2, 'another']);
});

test('one class has two labels at two custodians, so neither can test the other’s', async () => {
  const patient = await enrolled();
  const labelKey = await patient.sealedLabelKey(lake.id);
  await patient.grant(toLake({ actions: ['record'], labelKey }));
  const records = [await store(patient, ['HIV']), await store(patient, ['HIV'], elsewhere)];
  const [ofRiver, ofLake] = await Promise.all(records.map(async (one) => (await patient.anchor(one)).labels));
  expect(ofRiver).toEqual(patient.labelsAt(river.id).of('HIV'));
  expect(ofLake).toEqual(patient.labelsAt(lake.id).of('HIV'));
  expect(ofRiver).not.toEqual(ofLake);
  // with its own key a custodian makes its own labels of every class, and none is the other's
  const all = Sensitivity.options.map((one) => patient.labelsAt(lake.id).label(one));
  expect(all).not.toContain(ofRiver?.[0]);
});

test('two patients of one custodian have different labels for a class', async () => {
  const [one, other] = [await enrolled(), await enrolled()];
  const labels = await Promise.all(
    [one, other].map(async (patient) => (await patient.anchor(await store(patient, ['HIV']))).labels),
  );
  expect(labels[0]).not.toEqual(labels[1]);
});

test('a custodian without the patient’s key labels nothing; with the grant that brings it, it does', async () => {
  const patient = here.patient(await makeKeys());
  await ehr.enrol(await patient.enrolmentStatement({ recorder: river.id }));
  expect(await codeOf(store(patient, ['HIV']))).toBe('LABELS_NOT_READY');
  expect(await codeOf(store(patient, []))).toBe('done');
  const labelKey = await patient.sealedLabelKey(river.id);
  const grantee = { organisation: river.id };
  await patient.grant({ grantee, scope: 'all', actions: ['record'], purposes: ['TREAT'], labelKey });
  expect(await codeOf(store(patient, ['HIV']))).toBe('done');
});

test('an upload is repeated with the same labels only', async () => {
  const patient = await enrolled();
  const again = (labels: Sensitivity[]) =>
    ehr.storeRecord(patient.id, new Blob(['x']), 'text/plain', { labels, idempotencyKey: `k-${patient.id}` });
  const first = await again(['HIV', 'PSY']);
  expect(await again(['PSY', 'HIV'])).toEqual(first);
  expect(await codeOf(again(['HIV']))).toBe('IDEMPOTENCY_MISMATCH');
  expect(await codeOf(again([]))).toBe('IDEMPOTENCY_MISMATCH');
});

test('classes that do not exist, stand twice, or are more than 8 are refused before a byte is read', async () => {
  const patient = await enrolled();
  const nine = Sensitivity.options.slice(0, 9);
  for (const labels of [['CANARY'], ['HIV', 'HIV'], nine] as Sensitivity[][]) {
    expect(await codeOf(store(patient, labels))).toBe('INVALID_REQUEST');
  }
});

test('keys of labels that an app kept make the same labels again', async () => {
  const patient = await enrolled();
  const label = patient.labelsAt(river.id).label('HIV');
  const again = new Patient(here, patient.keys, { labelKeys: patient.labelKeys });
  expect(again.labelsAt(river.id).label('HIV')).toBe(label);
  expect(new Patient(here, patient.keys).labelsAt(river.id).label('HIV')).not.toBe(label);
});

test('no class is on the chain, in a state, an index, a vault, a log or a metric', async () => {
  const patient = await enrolled();
  // Long enough to be told from chance, and used by no other test.
  const classes = ['EMOTDIS', 'PSYTHPN'] as const;
  const record = await store(patient, [...classes]);
  expect((await patient.anchor(record)).labels).toHaveLength(2);
  for (const one of classes) expect(await placesOf(one, whereabouts)).toEqual([]);
  const { key } = patient.labelsAt(river.id);
  expect(await placesOf(key, whereabouts)).toEqual([]);
  expect(await placesOf(patient.labelsAt(river.id).label('EMOTDIS'), whereabouts)).not.toEqual([]);
});
