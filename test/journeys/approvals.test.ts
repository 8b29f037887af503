import { setTimeout as pause } from 'node:timers/promises';
import {
  Approving,
  connect,
  type Device,
  type Gateway,
  importSigner,
  makeKeys,
  type Patient,
  ProblemError,
  randomId,
} from '@chartkey/client';
import type { DemoOrganisation } from '../../network/demo/founding.ts';
import { sharedConsortium } from '../support/consortium.ts';

const { credentials } = sharedConsortium();
const { network } = credentials;
const member = (id: string) => credentials.organisations.find((one) => one.id === id)!;
const hospital = { organisation: 'LakesideMSP' };

let there: Gateway;
let river: Device;
let lake: Device;
let lakeApproves: Approving;

async function deviceOf(of: DemoOrganisation, purposes = ['TREAT'] as const): Promise<Device> {
  const gateway = await connect(of.url, { network });
  const role = of.kind === 'hospital' ? 'physician' : 'auditor';
  const signer = await importSigner(of.ehr.sig as never);
  return gateway.device(signer, { practitioner: randomId(), role, purposes });
}

beforeAll(async () => {
  there = await connect(member('LakesideMSP').url, { network });
  river = await deviceOf(member('RiversideMSP'));
  lake = await deviceOf(member('LakesideMSP'));
  const master = await importSigner(member('LakesideMSP').masterKey as never);
  lakeApproves = new Approving(there.masterKey(master, { session: lake }).statements);
});

async function person(): Promise<Patient> {
  const patient = river.gateway.patient(await makeKeys());
  await river.enrol(await patient.enrolmentStatement({ recorder: 'RiversideMSP' }));
  return patient;
}

/** On Fabric each peer takes blocks in at its own pace. */
async function shownAtLakeside(patient: Patient): Promise<void> {
  const here = await patient.patientFacts(patient.id);
  const away = there.patient(patient.keys);
  while ((await away.patientFacts(patient.id)).nextSeq < here.nextSeq) await pause(50);
}

/** A patient, a guardian, and a record that two of them and Lakeside open. */
async function ruled() {
  const [patient, guardian] = [await person(), await person()];
  const { record } = await river.storeRecord(
    patient.id,
    new TextEncoder().encode('the content'),
    'text/plain',
  );
  const of = [{ person: patient.id }, { person: guardian.id }, hospital];
  const rule = await patient.layRule({ on: { records: [record] }, of, need: 2, within: 60, lasting: 60 });
  await shownAtLakeside(patient);
  return { patient, guardian, record, rule: rule.id };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof ProblemError) return error.code;
      throw error;
    },
  );
const read = async (record: string) => new Response((await lake.readRecord(record)).body).text();

test('two of patient, guardian and hospital open a record at another hospital, and the log says so', async () => {
  const { patient, guardian, record, rule } = await ruled();
  const refused = await read(record).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'APPROVAL_REQUIRED', access: expect.any(String) });
  const asked = await lake.requestApproval(record);
  expect(asked).toMatchObject({ need: 2, status: 'pending', approvals: [] });
  expect(asked.subject).toMatchObject({ kind: 'access', record, rule, purpose: 'TREAT', ...hospital });
  expect(await lake.requestApproval(record)).toEqual(asked);

  const [waits] = await patient.approvals().first(2);
  expect(waits).toEqual(asked);
  await guardian.approve(asked);
  expect(await guardian.approvals().first(2)).toEqual([]);
  expect(await codeOf(read(record))).toBe('APPROVAL_REQUIRED');
  const [shown] = (await lake.approvals().first(50)).filter(({ request }) => request === asked.request);
  await lakeApproves.approve(shown!);

  expect(await read(record)).toBe('the content');
  expect(await patient.approval(asked.request)).toMatchObject({ status: 'granted' });
  const [newest] = await patient.accesses().first(1);
  expect(newest).toMatchObject({ decision: 'granted', basis: 'approval', ground: asked.request });
  expect(await codeOf(patient.approve(asked))).toBe('REQUEST_CLOSED');
});

test('approvals that come at once all count, and each principal once', async () => {
  const { patient, guardian, record } = await ruled();
  const asked = await Promise.all([lake.requestApproval(record), lake.requestApproval(record)]);
  const [{ request, subject }] = asked;
  expect(asked[1].request).toBe(request);
  const shown = { request, subject };
  const steps = [patient.approve(shown), guardian.approve(shown), lakeApproves.approve(shown)].map(codeOf);
  expect((await Promise.all(steps)).sort()).toEqual(['REQUEST_CLOSED', 'done', 'done']);
  expect((await patient.approval(request)).approvals).toHaveLength(2);
  expect(await read(record)).toBe('the content');
});

test('who is asked, and whom it is about, hear of it', async () => {
  const { patient, guardian, record } = await ruled();
  const { request } = await lake.requestApproval(record);
  const about = { patient: patient.id, request, ...hospital };
  expect(await heard(guardian, 'approval-waiting')).toMatchObject(about);
  await patient.approve(await patient.approval(request));
  await guardian.approve(await guardian.approval(request));
  expect(await heard(patient, 'approval-settled')).toMatchObject(about);
});

async function heard(by: Patient, kind: string) {
  for await (const event of by.events({ after: '0.0' })) if (event.kind === kind) return event;
  return undefined;
}

test('an approval that was withdrawn does not count; refusals end the request', async () => {
  const { patient, guardian, record } = await ruled();
  const asked = await lake.requestApproval(record);
  const { id } = await patient.approve(asked);
  const withdrawn = await patient.withdrawApproval(id, { second: there });
  expect(withdrawn.done).toBe(true);
  await guardian.approve(asked);
  expect(await codeOf(read(record))).toBe('APPROVAL_REQUIRED');
  await patient.refuse(asked, 'not-known');
  await lakeApproves.refuse(asked, 'not-now');
  expect(await guardian.approval(asked.request)).toMatchObject({
    status: 'refused',
    refusals: [{ reason: 'not-known' }, { reason: 'not-now' }],
  });
  expect(await codeOf(read(record))).toBe('APPROVAL_REQUIRED');
});

test('a record under two rules opens once both are satisfied, proven by its custodian', async () => {
  const { patient, guardian, record } = await ruled();
  const alone = { of: [{ person: guardian.id }], need: 1, within: 5, lasting: 5 };
  await patient.layRule({ on: { records: [record] }, ...alone });
  const asked = await lake.requestApproval(record);
  expect(asked.also).toHaveLength(1);
  await patient.approve(asked);
  await guardian.approve(asked);
  expect(await codeOf(read(record))).toBe('APPROVAL_REQUIRED');
  await guardian.approve(await guardian.approval(asked.also![0]!));
  expect(await read(record)).toBe('the content');
});

test('a lifted rule ends what was approved under it', async () => {
  const { patient, guardian, record, rule } = await ruled();
  const asked = await lake.requestApproval(record);
  await patient.approve(asked);
  await guardian.approve(asked);
  expect(await read(record)).toBe('the content');
  await patient.liftRule(rule);
  expect(await codeOf(read(record))).toBe('NO_GRANT');
  expect(await codeOf(lake.requestApproval(record))).toBe('RULE_MISSING');
});

test('a delegate sees and approves in the patient’s place what it may', async () => {
  const { patient, guardian, record } = await ruled();
  const [carer, stranger] = [await person(), await person()];
  await patient.statements.numbered((seq) =>
    patient.statements.author.sign({
      ...{ act: 'nameDelegate', seq, person: carer.id },
      ...{ kind: 'carer', powers: ['approve'] },
    }),
  );
  const asked = await lake.requestApproval(record);
  const inPlaceOf = patient.id;
  expect(await codeOf(stranger.approvals({ inPlaceOf }).first(1))).toBe('NOT_A_DELEGATE');
  expect(await codeOf(stranger.approve(asked, { inPlaceOf }))).toBe('NOT_A_DELEGATE');
  const [waits] = await carer.approvals({ inPlaceOf }).first(1);
  await carer.approve(waits!, { inPlaceOf });
  await guardian.approve(asked);
  expect(await read(record)).toBe('the content');
});

test('a request is nobody else’s business', async () => {
  const { record } = await ruled();
  const { request } = await lake.requestApproval(record);
  const [regulator, insurer] = [member('RegulatorMSP'), member('InsurerMSP')];
  expect(await codeOf((await person()).approval(request))).toBe('NOT_YOURS');
  expect(await codeOf(river.approval(request))).toBe('NOT_YOURS');
  expect(await codeOf((await deviceOf(regulator)).approval(request))).toBe('NOT_YOURS');
  expect(await codeOf((await deviceOf(insurer)).approval(request))).toBe('CARE_MEMBERS_ONLY');
  expect(await codeOf((await deviceOf(insurer)).requestApproval(record))).toBe('KIND_NOT_ALLOWED');
  expect(await codeOf(river.approvals({ inPlaceOf: (await person()).id }).first(1))).toBe('NOT_YOURS');
});
