import { checkKeyProof } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { Failure, thumbprint } from '@chartkey/vocabulary';
import { testKey } from '../../support/signing.ts';
import { NETWORK, type Somebody, Town } from './town.ts';

let town: Town;
let patient: Somebody;
let tablet: Somebody;
const rotate = (proof: string) => ({ act: 'rotateKey', key: proof });
const add = (proof: string) => ({ act: 'addKey', key: proof });
const remove = ({ key }: Pick<Somebody, 'key'>) => ({ act: 'removeKey', key: key.id });
const keysOf = (one: Somebody) => town.of(one).keys.map(({ sig }) => thumbprint(sig));

beforeEach(async () => {
  town = new Town();
  patient = town.person();
  const { key, proof } = town.spare(patient.iss);
  await town.says(patient, add(proof));
  tablet = { iss: patient.iss, key };
});

describe('a patient’s keys', () => {
  test('added, both sign, and the id stays', async () => {
    expect(keysOf(patient)).toEqual([patient.key.id, tablet.key.id]);
    expect(await town.code(tablet, { act: 'lockForEmergencies', what: 'all' })).toBe('accepted');
    expect(town.of(patient).patient).toBe(patient.key.id);
  });

  test('each removes the other; what is removed signs nothing, and what it brought stays', async () => {
    expect(await town.code(tablet, remove(patient))).toBe('accepted');
    expect(keysOf(patient)).toEqual([tablet.key.id]);
    for (const words of [remove(tablet), { act: 'freeze' }, add(town.spare(patient.iss).proof)]) {
      expect(await town.code(patient, words)).toBe('KEY_REVOKED');
    }
  });

  test('the last one is never removed, but makes way for another', async () => {
    await town.says(patient, remove(tablet));
    expect(await town.code(patient, remove(patient))).toBe('LAST_KEY');
    const { key, proof } = town.spare(patient.iss);
    expect(await town.code(patient, rotate(proof))).toBe('accepted');
    expect(keysOf(patient)).toEqual([key.id]);
    expect(await town.code(patient, remove({ key }))).toBe('KEY_REVOKED');
    expect(await town.code({ ...patient, key }, { act: 'freeze' })).toBe('accepted');
  });

  test('one may remove itself while another stays', async () => {
    expect(await town.code(tablet, remove(tablet))).toBe('accepted');
    expect(keysOf(patient)).toEqual([patient.key.id]);
  });

  test('an unknown one cannot be removed', async () => {
    expect(await town.code(patient, { act: 'removeKey', key: testKey().id })).toBe('KEY_UNKNOWN');
  });

  test('rotation leaves the others alone', async () => {
    const { key, proof } = town.spare(patient.iss);
    await town.says(patient, rotate(proof));
    expect(keysOf(patient)).toEqual([key.id, tablet.key.id]);
  });

  test('sixteen may stand, not seventeen', async () => {
    for (let left = 14; left > 0; left -= 1) await town.says(patient, add(town.spare(patient.iss).proof));
    expect(await town.code(patient, add(town.spare(patient.iss).proof))).toBe('STANDING_LIMIT');
  });
});

describe('a new key proves itself', () => {
  test.each<[string, () => string]>([
    ['for another owner', () => town.spare(town.person().iss).proof],
    ['for another network', () => town.spare(patient.iss, { network: 'A'.repeat(43) }).proof],
    ['with another key', () => town.spare(patient.iss, {}, testKey()).proof],
    ['without the key that opens', () => town.spare(patient.iss, { enc: undefined }).proof],
    ['too late', () => town.spare(patient.iss, { exp: Math.floor(town.time / 1000) - 1 }).proof],
    ['for longer than a day', () => town.spare(patient.iss, { exp: town.time / 1000 + 86_400 + 61 }).proof],
    ['with a word too many', () => town.spare(patient.iss, { name: 'Jane' }).proof],
    ['by a device’s proof', () => town.spare(patient.iss).proof.replace(/^[^.]+/, DEVICE_HEADER)],
  ])('%s: refused', async (_words, proof) => {
    expect(await town.code(patient, add(proof()))).toBe('INVALID_PROOF');
    expect(await town.code(patient, rotate(proof()))).toBe('INVALID_PROOF');
    expect(keysOf(patient)).toHaveLength(2);
  });

  test('with one key for both purposes: refused', async () => {
    const key = testKey();
    const { proof } = town.spare(patient.iss, { sig: key.publicJwk, enc: key.publicJwk }, key);
    expect(await town.code(patient, add(proof))).toBe('INVALID_KEY');
  });

  test('a second time: refused', async () => {
    const { proof } = town.spare(patient.iss);
    await town.says(patient, add(proof));
    expect(await town.code(patient, add(proof))).toBe('KEY_USED');
  });

  test('of an organisation is nobody’s pair, and of a person no organisation’s', () => {
    const { key, proof } = town.spare('LakesideMSP', { enc: undefined });
    const bringing = { network: NETWORK, time: town.time, checks };
    expect(checkKeyProof(proof, { ...bringing, owner: 'LakesideMSP' }).key).toBe(key.id);
    expect(() => checkKeyProof(proof, { ...bringing, owner: patient.iss })).toThrow(Failure);
  });
});
const DEVICE_HEADER = Buffer.from('{"alg":"ES256","typ":"chartkey-device+jwt"}').toString('base64url');

describe('a freeze', () => {
  let carer: Somebody;
  const freeze = ({ key }: Pick<Somebody, 'key'> = { key: patient.key }) => ({
    act: 'freeze',
    suspect: key.id,
  });
  const unfreeze = { act: 'unfreeze' };
  const forPatient = (words: object) => ({ ...words, patient: patient.iss });

  beforeEach(async () => {
    carer = town.person();
    await town.says(patient, { act: 'nameDelegate', person: carer.iss, kind: 'carer', powers: ['log'] });
  });

  test('by any key or delegate; what is suspected signs nothing, another key unfreezes', async () => {
    for (const [who, words] of [
      [tablet, freeze(patient)],
      [carer, forPatient(freeze(patient))],
    ] as const) {
      expect(await town.code(who, words)).toBe('accepted');
      for (const act of [unfreeze, { act: 'freeze' }, remove(tablet), freeze(tablet)]) {
        expect(await town.code(patient, act)).toBe('SUSPECT_KEY');
      }
      expect(await town.code(tablet, unfreeze)).toBe('accepted');
      expect(town.of(patient).frozen).toBeUndefined();
    }
  });

  test('that names nobody is lifted by another than who froze', async () => {
    await town.says(patient, { act: 'freeze' });
    expect(await town.code(patient, unfreeze)).toBe('SUSPECT_KEY');
    expect(await town.code(carer, forPatient(unfreeze))).toBe('accepted');
    await town.says(carer, forPatient({ act: 'freeze' }));
    expect(await town.code(carer, forPatient(unfreeze))).toBe('SUSPECT_KEY');
    expect(await town.code(patient, unfreeze)).toBe('accepted');
  });

  test('may suspect a delegate, who then unfreezes nothing', async () => {
    await town.says(patient, { act: 'freeze', suspect: carer.iss });
    expect(await town.code(carer, forPatient(unfreeze))).toBe('SUSPECT_KEY');
    expect(await town.code(patient, unfreeze)).toBe('accepted');
  });

  test('of a thief who froze first does not save him: whoever is not suspected adds him', async () => {
    await town.says(patient, { act: 'freeze', suspect: carer.iss });
    expect(await town.code(tablet, freeze(patient))).toBe('accepted');
    expect(await town.code(patient, unfreeze)).toBe('SUSPECT_KEY');
    expect(await town.code(carer, forPatient(unfreeze))).toBe('SUSPECT_KEY');
    expect(await town.code(tablet, unfreeze)).toBe('accepted');
  });

  test('of a stranger’s key, or lifted without one, is refused', async () => {
    expect(await town.code(patient, freeze({ key: testKey() }))).toBe('KEY_UNKNOWN');
    expect(await town.code(patient, unfreeze)).toBe('NOT_FROZEN');
  });

  test('stops all that widens, and nothing that takes back', async () => {
    const denial = await town.says(patient, { act: 'denyAccess', who: { organisation: 'LakesideMSP' } });
    const delegation = town.of(patient).delegates[0]?.delegation;
    await town.says(tablet, freeze(patient));
    for (const words of [
      { act: 'liftDenial', denial },
      { act: 'nameDelegate', person: carer.iss, kind: 'carer', powers: ['read'] },
      { act: 'setEmergencyCard', record: 'r'.repeat(26) },
      {
        act: 'layRule',
        on: { records: ['r'.repeat(26)] },
        of: [{ person: carer.iss }],
        need: 1,
        within: 5,
        lasting: 5,
      },
      {
        act: 'grantConsent',
        grantee: { organisation: 'LakesideMSP' },
        scope: 'all',
        actions: ['read'],
        purposes: ['TREAT'],
      },
      add(town.spare(patient.iss).proof),
      rotate(town.spare(patient.iss).proof),
    ]) {
      expect(await town.code(tablet, words)).toBe('PATIENT_FROZEN');
    }
    for (const words of [
      { act: 'revokeDelegate', delegation },
      { act: 'denyAccess', who: { organisation: 'RiversideMSP' } },
      { act: 'lockForEmergencies', what: 'all' },
      remove(patient),
    ]) {
      expect(await town.code(tablet, words)).toBe('accepted');
    }
  });

  describe('with contacts', () => {
    let contacts: Somebody[];
    const approving = (freezeId: string, ...by: Somebody[]) =>
      Promise.all(
        by.map((one) => town.approve(one, { kind: 'unfreeze', patient: patient.iss, freeze: freezeId })),
      );
    beforeEach(async () => {
      const [mother, brother] = [town.person(), town.person()];
      contacts = [mother, brother, town.organisation('LakesideMSP')];
      await town.says(patient, {
        act: 'nameContacts',
        contacts: [{ person: mother.iss }, { person: brother.iss }, { organisation: 'LakesideMSP' }],
      });
    });

    test('two of three unfreeze, whoever carries their word', async () => {
      const id = await town.says(tablet, freeze(patient));
      const [mother, , hospital] = contacts as [Somebody, Somebody, Somebody];
      const one = await approving(id, mother);
      expect(await town.code(patient, { ...unfreeze, approvals: one })).toBe('SUSPECT_KEY');
      const two = await approving(id, mother, hospital);
      expect(await town.code(patient, { ...unfreeze, approvals: two })).toBe('accepted');
    });

    test('their word for an earlier freeze does not lift a later one', async () => {
      const [mother, , hospital] = contacts as [Somebody, Somebody, Somebody];
      const first = await town.says(carer, forPatient({ act: 'freeze' }));
      const approvals = await approving(first, mother, hospital);
      await town.says(tablet, freeze(patient));
      expect(await town.code(patient, { ...unfreeze, approvals })).toBe('SUSPECT_KEY');
    });

    test('one contact that signs twice counts once', async () => {
      const id = await town.says(tablet, freeze(patient));
      const hospital = contacts[2] as Somebody;
      const doctor = town.practitioner('LakesideMSP');
      const approvals = await approving(id, hospital, doctor);
      expect(await town.code(patient, { ...unfreeze, approvals })).toBe('SUSPECT_KEY');
    });
  });
});
