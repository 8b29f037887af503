import { decidePersonsAccess, delegationOf } from '@chartkey/rules';
import { instantAt, type Power } from '@chartkey/vocabulary';
import { DAY, type Somebody, Town } from './town.ts';

let town: Town;
let patient: Somebody;
let carer: Somebody;
beforeEach(() => {
  town = new Town();
  patient = town.person();
  carer = town.person();
});

const RECORD = 'r'.repeat(26);
const OTHER = 's'.repeat(26);
const ALL: Power[] = ['log', 'grant', 'approve', 'record', 'read'];
const naming = ({ iss: person }: Somebody, powers: readonly Power[] = ALL, more: object = {}) => ({
  act: 'nameDelegate',
  person,
  kind: 'carer',
  powers,
  ...more,
});
const grant = {
  act: 'grantConsent',
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
};
const forPatient = (words: object) => ({ ...words, patient: patient.iss });
const may = (who: Somebody, power: Power) =>
  delegationOf(town.of(patient), who.iss, power, town.time) !== undefined;
const read = (reader: Somebody, record = RECORD, labels: string[] = []) =>
  decidePersonsAccess({
    item: { purpose: 'PATRQT' },
    session: { id: reader.iss, key: reader.key.id, until: instantAt(town.time + 60_000) },
    reader: town.of(reader),
    standing: town.of(patient),
    record: { record, labels },
    time: town.time,
  });

describe('a power', () => {
  test.each(ALL)('to %s is there when it was given, and not when another one was', async (power) => {
    await town.says(patient, naming(carer, [power]));
    for (const one of ALL) expect(may(carer, one)).toBe(one === power);
  });

  test.each<[string, object]>([
    ['grantConsent', grant],
    ['revokeConsent', { act: 'revokeConsent', grant: 'A'.repeat(43) }],
    ['denyAccess', { act: 'denyAccess', who: { organisation: 'LakesideMSP' } }],
    ['lockForEmergencies', { act: 'lockForEmergencies', what: 'all' }],
    ['setEmergencyCard', { act: 'setEmergencyCard', record: RECORD }],
  ])('to grant lets a delegate sign %s, and no other power does', async (_act, words) => {
    const others = town.person();
    await town.says(patient, naming(carer, ['grant']));
    await town.says(patient, naming(others, ['log', 'approve', 'record', 'read']));
    expect(await town.code(others, forPatient(words))).toBe('NOT_A_DELEGATE');
    expect(await town.code(carer, forPatient(words))).toBe('accepted');
  });

  test('to read opens records; without it, none', async () => {
    const others = town.person();
    const delegation = await town.says(patient, naming(carer, ['read']));
    await town.says(patient, naming(others, ['log', 'approve', 'record', 'grant']));
    expect(read(carer)).toEqual({ is: 'granted', basis: 'delegate', ground: delegation });
    expect(read(others)).toMatchObject({ is: 'denied', code: 'NOT_A_DELEGATE' });
  });

  test('any at all lets a delegate freeze; a stranger freezes nothing', async () => {
    await town.says(patient, naming(carer, ['log']));
    expect(await town.code(town.person(), forPatient({ act: 'freeze' }))).toBe('NOT_A_DELEGATE');
    expect(await town.code(carer, forPatient({ act: 'freeze' }))).toBe('accepted');
  });
});

describe('a delegation has its time', () => {
  test('a guardian acts for a child until the date, and not a millisecond longer', async () => {
    const mother = town.person();
    const end = town.time + 10 * DAY;
    patient = town.person({ guardian: { person: mother.iss, notAfter: instantAt(end) } });
    for (const power of ALL) expect(may(mother, power)).toBe(true);
    expect(await town.code(mother, forPatient(grant))).toBe('accepted');
    town.time = end;
    expect(await town.code(mother, forPatient(grant))).toBe('accepted');
    town.time = end + 1;
    expect(await town.code(mother, forPatient(grant))).toBe('NOT_A_DELEGATE');
    expect(await town.code(mother, forPatient({ act: 'freeze' }))).toBe('NOT_A_DELEGATE');
    expect(read(mother)).toMatchObject({ code: 'NOT_A_DELEGATE' });
  });

  test('a carer does not act before it begins', async () => {
    const notBefore = instantAt(town.time + DAY);
    await town.says(patient, naming(carer, ALL, { notBefore }));
    expect(await town.code(carer, forPatient(grant))).toBe('NOT_A_DELEGATE');
    town.pass(1);
    expect(await town.code(carer, forPatient(grant))).toBe('accepted');
  });

  test('one that ends before it begins is refused', async () => {
    const [notAfter, notBefore] = [instantAt(town.time), instantAt(town.time + DAY)];
    expect(await town.code(patient, naming(carer, ALL, { notBefore, notAfter }))).toBe('INVALID_STATEMENT');
  });

  test('revoked, it is over at once, and revoked once only', async () => {
    const delegation = await town.says(patient, naming(carer));
    const revocation = { act: 'revokeDelegate', delegation };
    expect(await town.code(patient, revocation)).toBe('accepted');
    expect(await town.code(carer, forPatient(grant))).toBe('NOT_A_DELEGATE');
    expect(await town.code(patient, revocation)).toBe('DELEGATION_UNKNOWN');
  });
});

describe.each(['proxy', 'executor'] as const)('a %s', (kind) => {
  const attest = (delegation: string) => forPatient({ act: 'attestDelegate', delegation });
  const name = () => town.says(patient, naming(carer, ALL, { kind }));

  test('starts when two practitioners have attested, of whatever organisation', async () => {
    const delegation = await name();
    const [one, two] = [town.practitioner('RiversideMSP'), town.practitioner('LakesideMSP')];
    expect(await town.code(carer, forPatient(grant))).toBe('NOT_A_DELEGATE');
    expect(await town.code(one, attest(delegation))).toBe('accepted');
    expect(await town.code(one, attest(delegation))).toBe('ALREADY_APPROVED');
    expect(await town.code(carer, forPatient(grant))).toBe('NOT_A_DELEGATE');
    expect(await town.code(two, attest(delegation))).toBe('accepted');
    expect(await town.code(carer, forPatient(grant))).toBe('accepted');
  });

  test('is attested by physicians whose keys stand, twice and no more', async () => {
    const delegation = await name();
    expect(await town.code(town.practitioner('RiversideMSP', 'registrar'), attest(delegation))).toBe(
      'ROLE_NOT_ALLOWED',
    );
    expect(await town.code(town.practitioner('RiversideMSP', 'physician', -1), attest(delegation))).toBe(
      'PRACTITIONER_EXPIRED',
    );
    expect(await town.code(town.person(), attest(delegation))).toBe('PRACTITIONER_UNKNOWN');
    for (const organisation of ['RiversideMSP', 'LakesideMSP']) {
      await town.says(town.practitioner(organisation), attest(delegation));
    }
    expect(await town.code(town.practitioner('HilltopMSP'), attest(delegation))).toBe('ALREADY_APPROVED');
  });

  test('whose delegation is unknown or needs no attestation is not attested', async () => {
    const doctor = town.practitioner('RiversideMSP');
    const ofCarer = await town.says(patient, naming(carer));
    expect(await town.code(doctor, attest(ofCarer))).toBe('DELEGATION_UNKNOWN');
    expect(await town.code(doctor, attest('A'.repeat(43)))).toBe('DELEGATION_UNKNOWN');
  });
});

describe('a delegate does not decide about itself', () => {
  beforeEach(() => town.says(patient, naming(carer)));

  test.each([
    ['names a delegate for the patient', (one: Somebody) => forPatient(naming(one))],
    [
      'names contacts for the patient',
      (one: Somebody) =>
        forPatient({
          act: 'nameContacts',
          contacts: Array(3).fill({ person: one.iss }),
          outside: 'LakesideMSP',
        }),
    ],
    ['removes a key of the patient', () => forPatient({ act: 'removeKey', key: patient.key.id })],
    ['brings a key to the patient', () => forPatient({ act: 'addKey', key: town.spare(patient.iss).proof })],
  ])('who %s is refused by the grammar', async (_words, says) => {
    expect(await town.code(carer, says(carer))).toBe('INVALID_STATEMENT');
  });

  test('who names himself a delegate without naming the patient has only himself in mind', async () => {
    expect(await town.code(carer, naming(carer))).toBe('DELEGATE_FOR_ITSELF');
  });

  test.each([
    ['against himself', () => ({ who: { person: carer.iss } })],
    ['against another delegate', () => ({ who: { person: patient.iss } })],
    ['of what nobody may see', () => ({ what: { records: [RECORD] } })],
  ])('who lifts a denial %s is refused, and the patient is not', async (_words, words) => {
    const denial = await town.says(patient, { act: 'denyAccess', ...words() });
    const lifting = { act: 'liftDenial', denial };
    expect(await town.code(carer, forPatient(lifting))).toBe('DELEGATE_FOR_ITSELF');
    expect(await town.code(patient, lifting)).toBe('accepted');
    expect(read(carer)).toMatchObject({ is: 'granted' });
  });

  test('who acts for the patient twice lifts nothing that hides from him under the other delegation', async () => {
    const twice = town.person();
    await town.says(patient, naming(twice, ['grant']));
    await town.says(patient, naming(twice, ['read']));
    const denial = await town.says(patient, { act: 'denyAccess', what: { records: [RECORD] } });
    expect(await town.code(twice, forPatient({ act: 'liftDenial', denial }))).toBe('DELEGATE_FOR_ITSELF');
    expect(read(twice)).toMatchObject({ code: 'DENIED_BY_PATIENT' });
  });

  test('shuts no other delegate out by shutting everybody out', async () => {
    const denying = forPatient({ act: 'denyAccess', what: { records: [RECORD] } });
    expect(await town.code(carer, denying)).toBe('accepted');
    const reader = town.person();
    await town.says(patient, naming(reader, ['read']));
    expect(await town.code(carer, denying)).toBe('DELEGATE_FOR_ITSELF');
    const organisation = { ...denying, who: { organisation: 'LakesideMSP' } };
    expect(await town.code(carer, organisation)).toBe('accepted');
  });

  test('may lift a denial against an organisation, and shut out no other delegate', async () => {
    const denial = await town.says(patient, { act: 'denyAccess', who: { organisation: 'LakesideMSP' } });
    expect(await town.code(carer, forPatient({ act: 'liftDenial', denial }))).toBe('accepted');
    const against = { act: 'denyAccess', who: { person: town.person().iss } };
    expect(await town.code(carer, forPatient(against))).toBe('DELEGATE_FOR_ITSELF');
  });
});

describe('what an adolescent hides from the guardian', () => {
  const LABEL = 'A'.repeat(22);
  beforeEach(() => town.says(patient, naming(carer, ALL, { kind: 'guardian' })));

  test('by record stays hidden, and the rest does not', async () => {
    const what = { records: [RECORD] };
    await town.says(patient, { act: 'denyAccess', who: { person: carer.iss }, what });
    expect(read(carer)).toMatchObject({ code: 'DENIED_BY_PATIENT' });
    expect(read(carer, OTHER)).toMatchObject({ is: 'granted' });
    expect(read(patient)).toMatchObject({ is: 'granted', basis: 'patient' });
  });

  test('by label stays hidden', async () => {
    await town.says(patient, { act: 'denyAccess', who: { person: carer.iss }, what: { labels: [LABEL] } });
    expect(read(carer, OTHER, [LABEL])).toMatchObject({ code: 'DENIED_BY_PATIENT' });
    expect(read(carer, OTHER)).toMatchObject({ is: 'granted' });
  });
});

describe('a delegate’s own affairs', () => {
  beforeEach(() => town.says(patient, naming(carer)));

  test('frozen, he signs and reads nothing for the patient', async () => {
    await town.says(carer, { act: 'freeze' });
    expect(await town.code(carer, forPatient(grant))).toBe('PATIENT_FROZEN');
    expect(await town.code(carer, forPatient({ act: 'unfreeze' }))).toBe('PATIENT_FROZEN');
    expect(read(carer)).toMatchObject({ code: 'PATIENT_FROZEN' });
  });

  test('with a removed key he signs nothing', async () => {
    const { key, proof } = town.spare(carer.iss);
    await town.says(carer, { act: 'addKey', key: proof });
    await town.says({ ...carer, key }, { act: 'removeKey', key: carer.key.id });
    expect(await town.code(carer, forPatient(grant))).toBe('KEY_REVOKED');
    expect(await town.code({ ...carer, key }, forPatient(grant))).toBe('accepted');
  });

  test('a stranger who says that he acts for somebody is told apart', async () => {
    expect(await town.code(town.person(), forPatient(grant))).toBe('NOT_A_DELEGATE');
    const forged = { iss: patient.iss, key: carer.key };
    expect(await town.code(forged, grant)).toBe('KEY_REVOKED');
  });

  test('sixteen may act for a patient, not seventeen', async () => {
    for (let left = 15; left > 0; left -= 1) await town.says(patient, naming(carer));
    expect(await town.code(patient, naming(carer))).toBe('STANDING_LIMIT');
  });
});
