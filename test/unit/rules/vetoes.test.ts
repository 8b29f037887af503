import { decidePersonsAccess } from '@chartkey/rules';
import { type Approver, instantAt, thumbprint } from '@chartkey/vocabulary';
import { type Somebody, type Spare, Town } from './town.ts';

let town: Town;
let patient: Somebody;
let mother: Somebody;
let hospital: Somebody;
let regulator: Somebody;
let thief: Somebody;
let fresh: Spare;

const organisation = (id: string): Approver => ({ organisation: id });
const person = ({ iss }: Somebody): Approver => ({ person: iss });
const contacts = () => [person(mother), organisation('LakesideMSP'), organisation('RegulatorMSP')];
const naming = (of: readonly Approver[] = contacts(), more: object = {}) => ({
  act: 'nameContacts',
  contacts: of,
  ...more,
});
const start = (more: object = {}) => ({
  act: 'startRecovery',
  patient: patient.iss,
  key: fresh.proof,
  lost: [patient.key.id],
  ...more,
});
const renewed = () => ({ iss: patient.iss, key: fresh.key });
const approvals = (recovery: string, ...by: Somebody[]) =>
  Promise.all(by.map((one) => town.approve(one, { kind: 'recovery', patient: patient.iss, recovery })));
const confirm = async (recovery: string, ...by: Somebody[]) =>
  town.code(renewed(), { act: 'confirmRecovery', recovery, approvals: await approvals(recovery, ...by) });
const veto = (recovery: string) => ({ act: 'vetoRecovery', recovery });
const complete = (recovery: string) => town.code(renewed(), { act: 'completeRecovery', recovery });
const keys = () => town.of(patient).keys.map(({ sig }) => thumbprint(sig));

/** A first attempt that whoever holds the lost key has stopped. */
async function vetoed(): Promise<string> {
  const first = await town.says(mother, start());
  expect(await town.code(patient, veto(first))).toBe('accepted');
  fresh = town.spare(patient.iss);
  return first;
}
const second = () => town.says(hospital, start({ inPerson: true }));

beforeEach(async () => {
  town = new Town();
  [patient, mother, thief] = [town.person(), town.person(), town.person()];
  hospital = town.organisation('LakesideMSP');
  regulator = town.organisation('RegulatorMSP');
  await town.says(patient, naming());
  fresh = town.spare(patient.iss);
});

describe('a veto', () => {
  test('by any key or delegate stops a first attempt, also one by a thief', async () => {
    await town.says(patient, { act: 'nameDelegate', person: thief.iss, kind: 'carer', powers: ['log'] });
    for (const [who, words] of [
      [patient, {}],
      [thief, { patient: patient.iss }],
    ] as const) {
      const recovery = await town.says(mother, start());
      expect(await confirm(recovery, hospital)).toBe('accepted');
      expect(await town.code(who, { ...veto(recovery), ...words })).toBe('accepted');
      town.pass(8);
      expect(await complete(recovery)).toBe('RECOVERY_VETOED');
      expect(await town.code(patient, veto(recovery))).toBe('RECOVERY_VETOED');
      town.pass(30);
      await town.says(patient, naming());
      fresh = town.spare(patient.iss);
    }
  });

  test('is the patient’s also where a delegate who is a contact has its only key suspected', async () => {
    const naming = { act: 'nameDelegate', person: mother.iss, kind: 'carer', powers: ['log'] };
    await town.says(patient, naming);
    await town.says(mother, { act: 'freeze', suspect: patient.key.id, patient: patient.iss });
    const recovery = await town.says(mother, start());
    expect(await confirm(recovery, hospital)).toBe('accepted');
    expect(await town.code(patient, { act: 'revokeDelegate', delegation: recovery })).toBe('SUSPECT_KEY');
    expect(await town.code(patient, veto(recovery))).toBe('accepted');
    town.pass(7);
    expect(await complete(recovery)).toBe('RECOVERY_VETOED');
  });

  test('by a stranger, or of another recovery, stops nothing', async () => {
    const recovery = await town.says(mother, start());
    expect(await town.code(thief, { ...veto(recovery), patient: patient.iss })).toBe('NOT_A_DELEGATE');
    expect(await town.code(patient, veto('A'.repeat(43)))).toBe('RECOVERY_UNKNOWN');
  });

  test('suspends once: a second attempt is an institution’s that has seen the person', async () => {
    await vetoed();
    expect(await town.code(mother, start({ inPerson: true }))).toBe('RECOVERY_VETOED');
    expect(await town.code(hospital, start())).toBe('RECOVERY_VETOED');
    expect(await town.code(hospital, start({ inPerson: true }))).toBe('accepted');
  });

  test('of a second attempt by a key named lost is refused; all three bring the new key in', async () => {
    await vetoed();
    const recovery = await second();
    expect(await town.code(patient, veto(recovery))).toBe('SUSPECT_KEY');
    expect(await confirm(recovery, mother)).toBe('APPROVALS_MISSING');
    expect(await confirm(recovery, mother, regulator)).toBe('accepted');
    const others = [{ act: 'freeze' }, { act: 'rotateKey', key: town.spare(patient.iss).proof }];
    for (const words of [veto(recovery), ...others, { act: 'unfreeze' }]) {
      expect(await town.code(patient, words)).toBe('SUSPECT_KEY');
    }
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
    expect(keys()).toEqual([fresh.key.id]);
  });

  test('of a second attempt by a key that is not lost still counts', async () => {
    const { key, proof } = town.spare(patient.iss);
    await town.says(patient, { act: 'addKey', key: proof });
    await vetoed();
    const recovery = await second();
    await confirm(recovery, mother, regulator);
    expect(await town.code({ ...patient, key }, veto(recovery))).toBe('accepted');
    expect(await town.code(patient, { act: 'freeze' })).toBe('accepted');
  });

  test('one institution’s second attempt silences nobody before all three agree', async () => {
    await vetoed();
    await second();
    for (const words of [{ act: 'denyAccess', who: { organisation: 'LakesideMSP' } }, { act: 'freeze' }]) {
      expect(await town.code(patient, words)).toBe('accepted');
    }
    town.pass(30.1);
    expect(await town.code(patient, { act: 'lockForEmergencies', what: 'all' })).toBe('accepted');
  });

  test('of a thief who has gone on to another key or delegate is a lost key’s as well', async () => {
    await vetoed();
    const recovery = await second();
    const { key, proof } = town.spare(patient.iss);
    await town.says(patient, { act: 'nameDelegate', person: thief.iss, kind: 'carer', powers: ['log'] });
    await town.says(patient, { act: 'rotateKey', key: proof });
    const again = { ...patient, key };
    const more = town.spare(patient.iss);
    await town.says(again, { act: 'addKey', key: more.proof });
    for (const who of [again, { ...patient, key: more.key }]) {
      expect(await town.code(who, veto(recovery))).toBe('SUSPECT_KEY');
    }
    expect(await town.code(thief, { ...veto(recovery), patient: patient.iss })).toBe('SUSPECT_KEY');
    await confirm(recovery, mother, regulator);
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
    expect(keys()).toEqual([fresh.key.id]);
    expect(town.of(patient).delegates).toEqual([]);
  });

  test('a lost key neither reads nor acts for others while all three stand behind the attempt', async () => {
    const other = town.person();
    await town.says(other, { act: 'nameDelegate', person: patient.iss, kind: 'carer', powers: ['read'] });
    await vetoed();
    await confirm(await second(), mother, regulator);
    const session = { id: patient.iss, key: patient.key.id, until: instantAt(town.time + 60_000) };
    const record = { record: 'r'.repeat(26), labels: [] };
    for (const whose of [patient, other]) {
      const item = { purpose: 'PATRQT' as const };
      const facts = {
        item,
        session,
        reader: town.of(patient),
        standing: town.of(whose),
        record,
        time: town.time,
      };
      expect(decidePersonsAccess(facts)).toEqual({ is: 'denied', code: 'SUSPECT_KEY' });
    }
    expect(await town.code(patient, { act: 'freeze', patient: other.iss })).toBe('SUSPECT_KEY');
  });

  test('of a thief fails as well where he brings the new key himself, so that it would be lost with him', async () => {
    await vetoed();
    const recovery = await second();
    expect(await town.code(patient, { act: 'addKey', key: fresh.proof })).toBe('KEY_USED');
    expect(await town.code(patient, { act: 'rotateKey', key: fresh.proof })).toBe('KEY_USED');
    expect(await confirm(recovery, mother, regulator)).toBe('accepted');
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
  });

  test('of a second attempt is no key’s and no delegate’s, however many a thief has brought', async () => {
    const brought = [patient.key.id];
    for (let left = 15; left > 0; left -= 1) {
      const { key, proof } = town.spare(patient.iss);
      await town.says(patient, { act: 'addKey', key: proof });
      const { iss } = town.person();
      await town.says(patient, { act: 'nameDelegate', person: iss, kind: 'carer', powers: ['log'] });
      brought.push(key.id, iss);
    }
    await town.says(patient, { act: 'nameDelegate', person: thief.iss, kind: 'carer', powers: ['log'] });
    await vetoed();
    const recovery = await town.says(hospital, start({ inPerson: true, lost: [...brought, thief.iss] }));
    expect(await town.code(thief, { ...veto(recovery), patient: patient.iss })).toBe('SUSPECT_KEY');
  });
});
