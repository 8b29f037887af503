import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import { type Alteration, alterState } from '../support/altered-state.ts';
import { approvedDevice } from '../support/approved-device.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { askRelease, gatewayKey, proof, releasesAt } from '../support/release-proofs.ts';
import { type Answer, accepted, sendStatement } from '../support/rest-answers.ts';
import { RestDevice } from '../support/rest-device.ts';
import { RestPatient } from '../support/rest-patient.ts';

const content = randomBytes(5_000);
const anybody = wire.makeKey();
let own: OwnConsortium;
let plain: { patient: RestPatient; record: string };
const records = new Map<string, { patient: RestPatient; record: string; grant: string }>();
let revokedDevice: RestDevice;
let invented: RestDevice;

const grantsOf = (patient: RestPatient) => ['grants', patient.id, 'LakesideMSP'];
const granted = (grant: string) => ({
  grants: [
    {
      grant,
      grantee: { organisation: 'LakesideMSP' },
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
      uses: 0,
    },
  ],
});
const of = (what: string) => records.get(what)!;

/** A statement that a key of the attacker's signed in a patient's name. */
const forgedGrant = (patient: RestPatient, seq: number) =>
  wire.statement(own.people.network, anybody, patient.id, {
    act: 'grantConsent',
    seq,
    grantee: { organisation: 'LakesideMSP' },
    scope: 'all',
    actions: ['read'],
    purposes: ['TREAT'],
  });

async function patientWithRecord() {
  const patient = await own.people.patient();
  return { patient, record: await own.people.record(patient, content), grant: '' };
}

/** What each patient's test needs, made before anything is altered. */
async function prepare(): Promise<void> {
  const { lake } = own.people;
  plain = await patientWithRecord();
  await plain.patient.grant('LakesideMSP');
  for (const what of [
    'no statement',
    'forged statement',
    'another’s grant',
    'narrow grant',
    'key',
    'custodian',
  ]) {
    records.set(what, await patientWithRecord());
  }
  const other = await patientWithRecord();
  of('another’s grant').grant = await other.patient.grant('LakesideMSP');
  of('narrow grant').grant = await of('narrow grant').patient.grant('LakesideMSP', { purposes: ['HRESCH'] });
  const revoked = await patientWithRecord();
  revoked.grant = await revoked.patient.grant('LakesideMSP');
  await revoked.patient.revoke(revoked.grant);
  records.set('revoked grant', revoked);
  const { organisation } = lake;
  const device = new RestDevice(organisation, await approvedDevice(organisation));
  const master = wire.keyFrom(organisation.masterKey as unknown as Record<string, string>);
  const revocation = { act: 'revokeDevice', device: device.id };
  accepted(
    await sendStatement(lake.url, wire.statement(own.people.network, master, organisation.id, revocation)),
  );
  revokedDevice = device;
  invented = new RestDevice(organisation, wire.makeKey());
}

function alterations(): Alteration[] {
  const put = (key: string[], value: unknown): Alteration => ({ key, to: () => value });
  const forged = forgedGrant(of('forged statement').patient, 2);
  const forgedId = wire.statementId(forged);
  const device = (facts: object) => ({ ...facts, device: invented.id, sig: invented.key.publicJwk });
  const standing = own.people.lake.id;
  let approval: object = {};
  return [
    put(grantsOf(of('no statement').patient), granted(wire.statementId('a.b.c'))),
    put(grantsOf(of('forged statement').patient), granted(forgedId)),
    put(['statement', forgedId], {
      statement: forged,
      transaction: '0'.repeat(64),
      committedAt: new Date().toISOString(),
    }),
    put(grantsOf(of('another’s grant').patient), granted(of('another’s grant').grant)),
    put(grantsOf(of('narrow grant').patient), granted(of('narrow grant').grant)),
    put(grantsOf(of('revoked grant').patient), granted(of('revoked grant').grant)),
    { key: ['patient', of('key').patient.id], to: (facts: object) => ({ ...facts, sig: anybody.publicJwk }) },
    {
      key: ['record', of('custodian').record],
      to: (facts: object) => ({ ...facts, custodian: 'LakesideMSP' }),
    },
    { key: ['device', revokedDevice.id], to: (facts: object) => ({ ...facts, status: 'approved' }) },
    {
      key: ['device', standing],
      to: (facts: object) => {
        approval = facts;
        return facts;
      },
    },
    { key: ['device', invented.id], to: () => device(approval) },
    {
      key: ['device', gatewayKey(own.dataDir, 'LakesideMSP').id],
      to: (facts: object) => ({ ...facts, sig: anybody.publicJwk }),
    },
  ];
}

beforeAll(async () => {
  own = await startOwnConsortium({ gateways: ['RiversideMSP', 'LakesideMSP'] });
  await prepare();
  await own.run.kill('ledger');
  await alterState(own.dataDir, alterations());
  await own.run.again('ledger');
  await own.ready();
}, 120_000);
afterAll(() => own?.stop());

const alarms = (organisation: string) =>
  own
    .log(organisation)
    .split('\n')
    .filter((line) => line.includes('"alarm":"')).length;

/** The ledger grants on what its state says; nothing is released, and the custodian's operator hears of it. */
async function nothingIsReleased(read: () => Promise<Answer>, alarmAt = 'RiversideMSP'): Promise<void> {
  const before = { alarms: alarms(alarmAt), released: own.released('RiversideMSP').length };
  const answer = await read();
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.bytes.includes(content.subarray(0, 16))).toBe(false);
  expect(own.released('RiversideMSP')).toHaveLength(before.released);
  // What a process logs reaches its file a moment later.
  for (let tries = 0; tries < 200 && alarms(alarmAt) === before.alarms; tries += 1) await pause(10);
  expect(alarms(alarmAt)).toBeGreaterThan(before.alarms);
}

test('what was not altered is read as before', async () => {
  const answer = await own.people.lake.read(plain.record);
  expect([answer.status, answer.bytes.equals(content)]).toEqual([200, true]);
});

test.each([
  ['without a statement', 'no statement'],
  ['with a statement that another key signed', 'forged statement'],
  ['naming another patient’s statement', 'another’s grant'],
  ['wider than its statement', 'narrow grant'],
  ['that was revoked, put back', 'revoked grant'],
])('a grant %s opens nothing', async (_title, what) => {
  await nothingIsReleased(() => own.people.lake.read(of(what).record));
});

test('a patient’s key put in its place signs grants that open nothing', async () => {
  const { patient, record } = of('key');
  const forged = forgedGrant(patient, 2);
  const sent = await sendStatement(own.people.lake.url, forged);
  expect([201, 400, 401, 403]).toContain(sent.status);
  if (sent.status === 201) return nothingIsReleased(() => own.people.lake.read(record));
  expect((await own.people.lake.read(record)).status).toBe(403);
});

test('a record given another custodian is not handed to it', async () => {
  const { record } = of('custodian');
  let access = '';
  await nothingIsReleased(async () => {
    const answer = await own.people.lake.read(record);
    ({ access } = answer);
    return answer;
  }, 'LakesideMSP');
  const seen =
    own
      .log('LakesideMSP')
      .match(/"access":"([0-9a-f]{64}:[0-9]+)"/g)
      ?.at(-1) ?? '';
  access ||= seen.slice(10, -1);
  const { url } = own.people.river;
  const bearer = proof(gatewayKey(own.dataDir, 'LakesideMSP'), releasesAt(url));
  await nothingIsReleased(() => askRelease(url, access, bearer));
});

test('a revoked device set back to approved reads nothing', async () => {
  await nothingIsReleased(() => revokedDevice.read(plain.record));
});

test('a device that no master key approved reads nothing', async () => {
  await nothingIsReleased(() => invented.read(plain.record));
});

test('a gateway device’s key put in its place proves nothing', async () => {
  const { lake, river } = own.people;
  const { access } = await lake.read(plain.record);
  const bearer = proof({ ...anybody, id: gatewayKey(own.dataDir, 'LakesideMSP').id }, releasesAt(river.url));
  expect(await askRelease(river.url, access, bearer)).toMatchObject({
    status: 401,
    code: 'RELEASE_PROOF_INVALID',
  });
});
