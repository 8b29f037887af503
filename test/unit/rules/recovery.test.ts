import { fingerprintOf } from '@chartkey/rules';
import { type Approver, thumbprint } from '@chartkey/vocabulary';
import { DAY, type Somebody, type Spare, Town } from './town.ts';

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
async function _vetoed(): Promise<string> {
  const first = await town.says(mother, start());
  expect(await town.code(patient, veto(first))).toBe('accepted');
  fresh = town.spare(patient.iss);
  return first;
}
const _second = () => town.says(hospital, start({ inPerson: true }));

beforeEach(async () => {
  town = new Town();
  [patient, mother, thief] = [town.person(), town.person(), town.person()];
  hospital = town.organisation('LakesideMSP');
  regulator = town.organisation('RegulatorMSP');
  await town.says(patient, naming());
  fresh = town.spare(patient.iss);
});

describe('contacts', () => {
  test.each([
    ['one twice', () => naming([person(mother), person(mother), organisation('LakesideMSP')])],
    ['oneself', () => naming([person(patient), person(mother), organisation('LakesideMSP')])],
    ['no person and nobody outside', () => naming(['A', 'B', 'C'].map((one) => organisation(`${one}MSP`)))],
    ['an outside body that is one of them', () => naming(contacts(), { outside: 'LakesideMSP' })],
    ['two', () => naming(contacts().slice(1))],
  ])('naming %s is refused', async (_words, words) => {
    expect(await town.code(patient, words())).toBe('INVALID_STATEMENT');
  });

  test('a thief does not put his own in their place: the former ones count for seven days', async () => {
    const [one, two] = [town.person(), town.person()];
    await town.says(patient, naming([person(thief), person(one), person(two)]));
    await town.says(patient, naming([person(one), person(two), person(thief)]));
    expect(await town.code(thief, start())).toBe('NOT_AN_APPROVER');
    town.pass(6.9);
    fresh = town.spare(patient.iss);
    expect(await town.code(mother, start())).toBe('accepted');
    expect(town.of(patient).contacts?.contacts).toEqual(contacts());
  });

  test('named anew, they count after seven days, and the former ones no more', async () => {
    await town.says(patient, naming([person(thief), ...contacts().slice(1)]));
    town.pass(7.1);
    fresh = town.spare(patient.iss);
    expect(await town.code(mother, start())).toBe('NOT_AN_APPROVER');
    expect(await town.code(thief, start())).toBe('accepted');
  });

  test('stay while a recovery stands, vetoed or not, and may change when it is over', async () => {
    const first = await town.says(mother, start());
    expect(await town.code(patient, naming())).toBe('RECOVERY_UNDERWAY');
    await town.says(patient, veto(first));
    expect(await town.code(patient, naming())).toBe('RECOVERY_UNDERWAY');
    town.pass(30.1);
    expect(await town.code(patient, naming())).toBe('accepted');
  });
});

describe('a recovery', () => {
  test('by two of three, a person among them: the new key stands after seven days, the lost one is gone', async () => {
    const recovery = await town.says(hospital, start());
    expect(await confirm(recovery, mother)).toBe('accepted');
    expect(await complete(recovery)).toBe('RECOVERY_WAITING');
    town.time += 7 * DAY - 1;
    expect(await complete(recovery)).toBe('RECOVERY_WAITING');
    town.time += 1;
    expect(await complete(recovery)).toBe('accepted');
    expect(keys()).toEqual([fresh.key.id]);
    expect(town.of(patient)).toMatchObject({ patient: patient.key.id, vetoes: 0 });
    expect(await town.code(patient, { act: 'freeze' })).toBe('KEY_REVOKED');
    expect(await complete(recovery)).toBe('RECOVERY_UNKNOWN');
  });

  test('by institution and regulator alone, against the patient, never comes about', async () => {
    const recovery = await town.says(hospital, start());
    expect(await confirm(recovery, regulator)).toBe('APPROVALS_MISSING');
    town.pass(8);
    expect(await complete(recovery)).toBe('APPROVALS_MISSING');
    expect(await town.code(patient, { act: 'freeze' })).toBe('accepted');
  });

  test('where no contact is a person takes all three and the outside body', async () => {
    patient = town.person();
    const hilltop = town.organisation('HilltopMSP');
    const insurer = town.organisation('InsurerMSP');
    const of = ['LakesideMSP', 'RegulatorMSP', 'HilltopMSP'].map(organisation);
    await town.says(patient, naming(of, { outside: 'InsurerMSP' }));
    fresh = town.spare(patient.iss);
    const recovery = await town.says(hospital, start());
    expect(await confirm(recovery, regulator, hilltop)).toBe('APPROVALS_MISSING');
    expect(await confirm(recovery, regulator, insurer)).toBe('APPROVALS_MISSING');
    expect(await confirm(recovery, regulator, hilltop, insurer)).toBe('accepted');
  });

  test('is started by contacts alone, and only where there are some', async () => {
    expect(await town.code(thief, start())).toBe('NOT_AN_APPROVER');
    expect(await town.code(town.practitioner('HilltopMSP'), start())).toBe('NOT_AN_APPROVER');
    expect(await town.code(town.practitioner('LakesideMSP'), start())).toBe('accepted');
    const other = town.person();
    const { proof } = town.spare(other.iss);
    expect(await town.code(mother, { ...start(), patient: other.iss, key: proof })).toBe('CONTACTS_MISSING');
  });

  test('brings a key that proves itself, and none that stands already', async () => {
    expect(await town.code(mother, start({ key: town.spare(mother.iss).proof }))).toBe('INVALID_PROOF');
    const { proof } = town.spare(patient.iss, { sig: patient.key.publicJwk }, patient.key);
    expect(await town.code(mother, start({ key: proof }))).toBe('KEY_USED');
  });

  test.each([
    ['the new key alone', () => [fresh.key.id]],
    ['the new key beside the old one', () => [patient.key.id, fresh.key.id]],
  ])('names no key as lost that it brings: %s', async (_which, lost) => {
    const refusal = await town.says(mother, start({ lost: lost() })).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'INVALID_STATEMENT', about: { at: 'payload.lost' } });
    expect(town.of(patient).recovery).toBeUndefined();
  });

  test('that one contact holds open does not keep the others out; once agreed, it stands', async () => {
    const held = await town.says(regulator, start());
    fresh = town.spare(patient.iss);
    const recovery = await town.says(mother, start());
    expect(await confirm(held, hospital)).toBe('RECOVERY_UNKNOWN');
    expect(await confirm(recovery, hospital)).toBe('accepted');
    expect(await town.code(regulator, start({ key: town.spare(patient.iss).proof }))).toBe(
      'RECOVERY_UNDERWAY',
    );
  });

  test('with which nothing happens for 30 days is over', async () => {
    const recovery = await town.says(mother, start());
    town.pass(30.1);
    expect(await confirm(recovery, hospital)).toBe('RECOVERY_UNKNOWN');
    fresh = town.spare(patient.iss);
    expect(await town.code(mother, start())).toBe('accepted');
  });

  test('keeps a key that is not lost, and takes a delegate away who is', async () => {
    const { key, proof } = town.spare(patient.iss);
    await town.says(patient, { act: 'addKey', key: proof });
    const delegation = { act: 'nameDelegate', person: thief.iss, kind: 'carer', powers: ['read'] };
    await town.says(patient, delegation);
    const recovery = await town.says(mother, start({ lost: [patient.key.id, thief.iss] }));
    await confirm(recovery, hospital);
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
    expect(keys()).toEqual([key.id, fresh.key.id]);
    expect(town.of(patient).delegates).toEqual([]);
  });

  test('ends a thief’s freeze, and finds room in a standing that a thief has filled', async () => {
    const records = Array.from({ length: 64 }, (_one, at) => String.fromCharCode(97 + (at % 26)).repeat(26));
    const what = { labels: records.map((_one, at) => Buffer.alloc(16, at).toString('base64url')) };
    let code = 'accepted';
    while (code === 'accepted') code = await town.code(patient, { act: 'denyAccess', what });
    expect(code).toBe('STANDING_LIMIT');
    expect(await town.code(patient, { act: 'freeze' })).toBe('accepted');
    const recovery = await town.says(mother, start());
    expect(await confirm(recovery, hospital)).toBe('accepted');
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
    expect(town.of(patient).frozen).toBeUndefined();
  });
});

describe('approvals of a recovery', () => {
  test('for another recovery, or of none, do not count', async () => {
    const first = await town.says(mother, start());
    const ofFirst = await approvals(first, hospital);
    fresh = town.spare(patient.iss);
    const recovery = await town.says(mother, start());
    const words = { act: 'confirmRecovery', recovery };
    expect(await town.code(renewed(), { ...words, approvals: ofFirst })).toBe('APPROVALS_MISSING');
    expect(await town.code(renewed(), { ...words, approvals: ['A'.repeat(43)] })).toBe('STATEMENT_UNKNOWN');
  });

  test('of the same kind for another patient do not count', async () => {
    const recovery = await town.says(mother, start());
    const other = town.person();
    const approval = await town.approve(hospital, { kind: 'recovery', patient: other.iss, recovery });
    expect(fingerprintOf({ kind: 'recovery', patient: other.iss, recovery })).not.toBe(
      fingerprintOf({ kind: 'recovery', patient: patient.iss, recovery }),
    );
    expect(await town.code(renewed(), { act: 'confirmRecovery', recovery, approvals: [approval] })).toBe(
      'APPROVALS_MISSING',
    );
  });

  test('of strangers, and of one contact with two keys, do not add up', async () => {
    const recovery = await town.says(hospital, start());
    expect(await confirm(recovery, thief)).toBe('APPROVALS_MISSING');
    expect(await confirm(recovery, town.practitioner('LakesideMSP'))).toBe('APPROVALS_MISSING');
  });

  test('held back open the whole window all the same', async () => {
    const recovery = await town.says(mother, start());
    const agreed = await approvals(recovery, hospital);
    town.pass(20);
    expect(await complete(recovery)).toBe('APPROVALS_MISSING');
    await town.says(renewed(), { act: 'confirmRecovery', recovery, approvals: agreed });
    expect(await complete(recovery)).toBe('RECOVERY_WAITING');
    expect(await town.code(renewed(), { act: 'confirmRecovery', recovery, approvals: agreed })).toBe(
      'RECOVERY_WAITING',
    );
    expect(await town.code(patient, veto(recovery))).toBe('accepted');
  });

  test('of a key that was removed, or a contact that is frozen, are not made', async () => {
    const recovery = await town.says(hospital, start());
    const { key, proof } = town.spare(mother.iss);
    await town.says(mother, { act: 'rotateKey', key: proof });
    await expect(approvals(recovery, mother)).rejects.toMatchObject({ code: 'KEY_REVOKED' });
    const present = { ...mother, key };
    await town.says(present, { act: 'freeze' });
    await expect(approvals(recovery, present)).rejects.toMatchObject({ code: 'PATIENT_FROZEN' });
  });

  test('only the new key confirms and completes', async () => {
    const recovery = await town.says(mother, start());
    const agreed = await approvals(recovery, hospital);
    for (const who of [patient, { iss: patient.iss, key: thief.key }]) {
      const words = { act: 'confirmRecovery', recovery, approvals: agreed };
      expect(await town.code(who, words)).toBe('SIGNATURE_INVALID');
      expect(await town.code(who, { act: 'completeRecovery', recovery })).toBe('SIGNATURE_INVALID');
    }
    expect(await town.code(thief, { act: 'completeRecovery', recovery })).toBe('RECOVERY_UNKNOWN');
  });
});

describe('for thirty days a recovered key', () => {
  let recovered: Somebody;
  beforeEach(async () => {
    const child = { act: 'nameDelegate', person: thief.iss, kind: 'carer', powers: ['read'] };
    await town.says(patient, child);
    const recovery = await town.says(mother, start());
    await confirm(recovery, hospital);
    town.pass(7);
    expect(await complete(recovery)).toBe('accepted');
    recovered = renewed();
  });
  const wide = () => [
    naming(),
    { act: 'nameDelegate', person: mother.iss, kind: 'carer', powers: ['read'] },
    { act: 'addKey', key: town.spare(patient.iss).proof },
    { act: 'rotateKey', key: town.spare(patient.iss).proof },
    { act: 'setEmergencyCard', record: 'r'.repeat(26) },
    {
      act: 'layRule',
      on: { records: ['r'.repeat(26)] },
      of: [person(thief)],
      need: 1,
      within: 5,
      lasting: 5,
    },
    {
      act: 'grantConsent',
      grantee: organisation('LakesideMSP'),
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
    },
  ];

  test('widens nothing, and afterwards all', async () => {
    for (const words of wide()) expect(await town.code(recovered, words)).toBe('RECOVERY_PROBATION');
    town.pass(29.9);
    for (const words of wide()) expect(await town.code(recovered, words)).toBe('RECOVERY_PROBATION');
    town.pass(0.2);
    for (const words of wide().filter(({ act }) => act !== 'rotateKey')) {
      expect(await town.code(recovered, words)).toBe('accepted');
    }
  });

  test('takes back, denies and freezes', async () => {
    const delegation = town.of(patient).delegates[0]?.delegation;
    for (const words of [
      { act: 'revokeDelegate', delegation },
      { act: 'revokeConsent', grant: 'A'.repeat(43) },
      { act: 'denyAccess', who: { organisation: 'LakesideMSP' } },
      { act: 'freeze' },
    ]) {
      expect(await town.code(recovered, words)).toBe('accepted');
    }
  });

  test('neither widens nor approves for others', async () => {
    const other = town.person();
    const powers = ['grant', 'approve'];
    await town.says(other, { act: 'nameDelegate', person: patient.iss, kind: 'carer', powers });
    const granting = { ...wide().at(-1), patient: other.iss };
    expect(await town.code(recovered, granting)).toBe('RECOVERY_PROBATION');
    expect(await town.code(recovered, { act: 'freeze', patient: other.iss })).toBe('accepted');
    const subject = { kind: 'recovery' as const, patient: other.iss, recovery: 'A'.repeat(43) };
    await expect(town.approve(recovered, subject)).rejects.toMatchObject({ code: 'RECOVERY_PROBATION' });
  });
});
