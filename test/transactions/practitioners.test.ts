import { queries } from '@chartkey/vocabulary';
import { codeOf, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner, type RegisterWords } from '../support/ledger-practitioner.ts';
import { statement, testKey } from '../support/signing.ts';

const names = ['LakesideMSP', 'RiversideMSP', 'RegulatorMSP', 'InsurerMSP'] as const;
const actors = new Map<string, LedgerActor>();
const actor = (name: (typeof names)[number]) => actors.get(name)!;

beforeAll(() => {
  for (const name of names) actors.set(name, new LedgerActor(name));
});
afterAll(() => {
  for (const one of actors.values()) one.close();
});

const register = (name: (typeof names)[number], words: RegisterWords = {}) =>
  codeOf(LedgerPractitioner.register(actor(name), words));

test('a hospital registers a practitioner’s key, which everybody who cares finds', async () => {
  const lake = actor('LakesideMSP');
  const [key, practitioner] = [testKey(), freshId()];
  expect(await register('LakesideMSP', { key, practitioner, role: 'nurse' })).toBe('accepted');
  const found = await actor('RiversideMSP').ledger.evaluate(queries.practitioner, key.id);
  expect(found).toMatchObject({ key: key.id, practitioner, role: 'nurse', status: 'registered', nextSeq: 1 });
  const all = (await lake.ledger.evaluate(queries.practitioners, lake.organisation)) as { key: string }[];
  expect(all.map((one) => one.key)).toContain(key.id);
  expect(await codeOf(actor('InsurerMSP').ledger.evaluate(queries.practitioner, key.id))).toBe(
    'CARE_MEMBERS_ONLY',
  );
});

test('what is not the organisation’s own practitioner’s fresh key is not registered', async () => {
  const lake = actor('LakesideMSP');
  const key = testKey();
  const patient = new LedgerPatient(lake.network);
  await lake.enrol(patient, await lake.session());
  expect(await register('LakesideMSP', { key, owner: 'RiversideMSP' })).toBe('INVALID_PROOF');
  expect(await register('InsurerMSP')).toBe('KIND_NOT_ALLOWED');
  expect(await register('LakesideMSP', { role: 'surgeon' })).toBe('INVALID_STATEMENT');
  expect(await register('LakesideMSP', { key })).toBe('accepted');
  expect(await register('LakesideMSP', { key })).toBe('KEY_USED');
  expect(await register('LakesideMSP', { key: lake.device })).toBe('KEY_USED');
  // Nobody breaks glass on itself with the key that makes it a patient.
  expect(await register('LakesideMSP', { key: patient.sig })).toBe('KEY_USED');
});

test('a revoked key signs nothing, and is never registered again', async () => {
  const lake = actor('LakesideMSP');
  const one = await LedgerPractitioner.registered(lake);
  const patient = new LedgerPatient(lake.network);
  await lake.enrol(patient, await lake.session());
  const foreign = actor('RiversideMSP');
  const order = { iss: foreign.organisation, aud: foreign.network, act: 'revokePractitioner' };
  const revocation = statement({ ...order, key: one.key.id }, foreign.master);
  expect(await codeOf(foreign.submit('revokePractitioner', revocation))).toBe('PRACTITIONER_UNKNOWN');
  await one.opens(patient);
  await one.revoke();
  expect(await codeOf(one.opens(patient))).toBe('PRACTITIONER_REVOKED');
  expect(await register('LakesideMSP', { key: one.key })).toBe('KEY_USED');
});
