import { fingerprintOf } from '@chartkey/rules';
import { type ApprovalSubject, queries } from '@chartkey/vocabulary';
import { freshHash, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { type ShiftedConsortium, startShiftedConsortium } from '../support/shifted-consortium.ts';
import type { TestKey } from '../support/signing.ts';
import { spareKey, Voice } from '../support/voice.ts';

let consortium: ShiftedConsortium;
let river: LedgerActor;
let hospital: Voice;
let regulator: Voice;
const actors: LedgerActor[] = [];

beforeAll(async () => {
  consortium = await startShiftedConsortium([]);
  const { dataDir, run } = consortium;
  const where = { dataDir, credentials: run.founding.credentials };
  const actor = (id: string) => {
    const one = new LedgerActor(id, where);
    actors.push(one);
    return one;
  };
  river = actor('RiversideMSP');
  const [lake, crown] = [actor('LakesideMSP'), actor('RegulatorMSP')];
  hospital = new Voice(lake, 'LakesideMSP', lake.master);
  regulator = new Voice(crown, 'RegulatorMSP', crown.master);
});
afterAll(async () => {
  for (const one of actors) one.close();
  await consortium.stop();
});

async function person(): Promise<Voice> {
  const one = new LedgerPatient(river.network);
  await river.enrol(one, await river.session());
  return new Voice(river, one.id, one.sig);
}
const factsOf = ({ iss }: Voice) => river.ledger.evaluate(queries.patient, iss);
const waitingFor = async ({ iss, actor }: Voice) =>
  (
    (await actor.ledger.evaluate(queries.waiting, iss, '')) as { requests: { request: string }[] }
  ).requests.map(({ request }) => request);
const approve = (by: Voice, subject: ApprovalSubject) =>
  by.says({ act: 'approve', request: fingerprintOf(subject) });

async function withContacts() {
  const [patient, mother] = [await person(), await person()];
  const contacts = [
    { person: mother.iss },
    { organisation: 'LakesideMSP' },
    { organisation: 'RegulatorMSP' },
  ];
  await patient.says({ act: 'nameContacts', contacts });
  return { patient, mother };
}
const start = ({ iss, key }: Voice, proof: string, more: object = {}) => ({
  act: 'startRecovery' as const,
  patient: iss,
  key: proof,
  lost: [key.id],
  ...more,
});
const about = ({ iss: patient }: Voice, recovery: string) => ({
  kind: 'recovery' as const,
  patient,
  recovery,
});
const grant = {
  act: 'grantConsent' as const,
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
};

/** The statements by which a new key comes in, the approvals being given. */
async function confirm(patient: Voice, key: TestKey, recovery: string, approvals: string[]) {
  return patient.with(key).code({ act: 'confirmRecovery', recovery, approvals });
}

test('a lost phone: two contacts, seven days, thirty days of probation; id and records stay', async () => {
  const { patient, mother } = await withContacts();
  const { key, proof } = spareKey(river.network, patient.iss);
  const recovery = await hospital.says(start(patient, proof));
  const request = fingerprintOf(about(patient, recovery));
  expect(await waitingFor(mother)).toEqual([request]);
  expect(await waitingFor(regulator)).toContain(request);
  expect(await waitingFor(hospital)).not.toContain(request);
  const fresh = patient.with(key);
  expect(await confirm(patient, key, recovery, [freshHash()])).toBe('STATEMENT_UNKNOWN');
  const agreed = await approve(mother, about(patient, recovery));
  expect(await waitingFor(regulator)).not.toContain(request);
  expect(await confirm(patient, key, recovery, [agreed])).toBe('accepted');
  const complete = { act: 'completeRecovery' as const, recovery };
  expect(await fresh.code(complete)).toBe('RECOVERY_WAITING');
  await consortium.pass(6);
  expect(await fresh.code(complete)).toBe('RECOVERY_WAITING');
  expect(await patient.code({ act: 'lockForEmergencies', what: 'all' })).toBe('accepted');
  await consortium.pass(1.01);
  expect(await fresh.code(complete)).toBe('accepted');
  expect(await factsOf(patient)).toMatchObject({ patient: patient.iss, keys: [{ sig: key.publicJwk }] });
  expect(await patient.code({ act: 'freeze' })).toBe('KEY_REVOKED');
  expect(await fresh.code(grant)).toBe('RECOVERY_PROBATION');
  expect(await fresh.code({ act: 'denyAccess', who: { organisation: 'LakesideMSP' } })).toBe('accepted');
  await consortium.pass(30.01);
  expect(await fresh.code(grant)).toBe('accepted');
});

test('a veto suspends once; all three override the lost key, which then signs nothing', async () => {
  const { patient, mother } = await withContacts();
  const first = spareKey(river.network, patient.iss);
  const stopped = await mother.says(start(patient, first.proof));
  const agreedToFirst = await approve(hospital, about(patient, stopped));
  expect(await patient.code({ act: 'vetoRecovery', recovery: stopped })).toBe('accepted');
  expect(await confirm(patient, first.key, stopped, [agreedToFirst])).toBe('RECOVERY_VETOED');
  const { key, proof } = spareKey(river.network, patient.iss);
  expect(await mother.code(start(patient, proof, { inPerson: true }))).toBe('RECOVERY_VETOED');
  const recovery = await hospital.says(start(patient, proof, { inPerson: true }));
  expect(await patient.code({ act: 'vetoRecovery', recovery })).toBe('SUSPECT_KEY');
  const ofMother = await approve(mother, about(patient, recovery));
  expect(await confirm(patient, key, recovery, [ofMother])).toBe('APPROVALS_MISSING');
  expect(await confirm(patient, key, recovery, [agreedToFirst])).toBe('APPROVALS_MISSING');
  const ofRegulator = await approve(regulator, about(patient, recovery));
  expect(await confirm(patient, key, recovery, [ofMother, ofRegulator])).toBe('accepted');
  for (const words of [grant, { act: 'freeze' as const }, { act: 'vetoRecovery' as const, recovery }]) {
    expect(await patient.code(words)).toBe('SUSPECT_KEY');
  }
  await consortium.pass(7.01);
  expect(await patient.with(key).code({ act: 'completeRecovery', recovery })).toBe('accepted');
});

test('a key that a recovery brings is nobody else’s from its start', async () => {
  const { patient, mother } = await withContacts();
  const { key, proof } = spareKey(river.network, patient.iss);
  await mother.says(start(patient, proof));
  const other = await person();
  expect(await other.code({ act: 'addKey', key: spareKey(river.network, other.iss, { key }).proof })).toBe(
    'KEY_USED',
  );
});

test('contacts must be there; two of them end a freeze through whatever key is left', async () => {
  const { patient, mother } = await withContacts();
  const nobody = [{ person: freshHash() }, { organisation: 'LakesideMSP' }, { organisation: 'RegulatorMSP' }];
  expect(await patient.code({ act: 'nameContacts', contacts: nobody })).toBe('PATIENT_UNKNOWN');
  const stranger = [{ person: mother.iss }, { organisation: 'NobodyMSP' }, { organisation: 'RegulatorMSP' }];
  expect(await patient.code({ act: 'nameContacts', contacts: stranger })).toBe('ORGANISATION_UNKNOWN');
  const freeze = await patient.says({ act: 'freeze', suspect: patient.key.id });
  const subject = { kind: 'unfreeze' as const, patient: patient.iss, freeze };
  expect(await waitingFor(mother)).toContain(fingerprintOf(subject));
  expect(await patient.code({ act: 'unfreeze' })).toBe('SUSPECT_KEY');
  const approvals = [await approve(mother, subject)];
  expect(await patient.code({ act: 'unfreeze', approvals })).toBe('SUSPECT_KEY');
  approvals.push(await approve(hospital, subject));
  expect(await approve(regulator, subject).catch(({ code }) => code)).toBe('REQUEST_CLOSED');
  expect(await patient.code({ act: 'unfreeze', approvals })).toBe('accepted');
});

test('contacts who took thirty days agree to nothing any more', async () => {
  const { patient, mother } = await withContacts();
  const { key, proof } = spareKey(river.network, patient.iss);
  const recovery = await hospital.says(start(patient, proof));
  await consortium.pass(30.01);
  expect(await approve(mother, about(patient, recovery)).catch(({ code }) => code)).toBe('REQUEST_CLOSED');
  expect(await patient.with(key).code({ act: 'completeRecovery', recovery })).toBe('RECOVERY_UNKNOWN');
});

test('what has become idle waits for nobody: a recovery started anew or vetoed, a freeze that ended', async () => {
  const { patient, mother } = await withContacts();
  const { key, proof } = spareKey(river.network, patient.iss);
  await patient.says({ act: 'addKey', key: proof });
  const first = await regulator.says(start(patient, spareKey(river.network, patient.iss).proof));
  const second = await hospital.says(start(patient, spareKey(river.network, patient.iss).proof));
  const waits = async (recovery: string) =>
    (await waitingFor(mother)).includes(fingerprintOf(about(patient, recovery)));
  expect([await waits(first), await waits(second)]).toEqual([false, true]);
  expect(await approve(mother, about(patient, first)).catch(({ code }) => code)).toBe('REQUEST_CLOSED');
  await patient.says({ act: 'vetoRecovery', recovery: second });
  expect(await waits(second)).toBe(false);
  const freeze = await patient.says({ act: 'freeze', suspect: key.id });
  const unfreezing = fingerprintOf({ kind: 'unfreeze', patient: patient.iss, freeze });
  expect(await waitingFor(mother)).toContain(unfreezing);
  await patient.says({ act: 'unfreeze' });
  expect(await waitingFor(mother)).not.toContain(unfreezing);
});
