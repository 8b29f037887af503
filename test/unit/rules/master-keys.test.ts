import { type Dated, fingerprintOf, MasterKeys, readStatement, type Succession } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { Failure, type Genesis } from '@chartkey/vocabulary';
import { signJson, statement, type TestKey, testKey } from '../../support/signing.ts';
import { NETWORK } from './town.ts';

const HOUR = 3_600_000;
const began = Date.parse('2026-06-01T12:00:00.000Z');
const names = ['A', 'B', 'C', 'D', 'E'].map((one) => `${one}MSP`);
let masters: Map<string, TestKey>;
let genesis: Genesis;
const of = (name: string) => masters.get(name)!;

beforeEach(() => {
  masters = new Map(names.map((id) => [id, testKey()]));
  const organisations = names.map((id) => ({ id, masterKey: of(id).publicJwk }));
  genesis = { organisations } as unknown as Genesis;
});

function said(iss: string, key: TestKey, words: object, hours: number): Dated {
  const time = began + hours * HOUR;
  const text = statement({ iss, aud: NETWORK, seq: 1, ...words }, key, time / 1000);
  return { statement: readStatement(text), time };
}
function proofOf(key: TestKey, owner: string, more: object = {}): string {
  const words = { network: NETWORK, owner, sig: key.publicJwk, exp: began / 1000 + 600, ...more };
  return signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, words, key);
}
const rotation = (name: string, by: TestKey, to: TestKey, hours: number): Succession => ({
  ...said(name, by, { act: 'rotateMasterKey', key: proofOf(to, name) }, hours),
  approvals: [],
});
function replacement(to: TestKey, approvers: string[], hours: number, about?: string): Succession {
  const key = proofOf(to, 'AMSP');
  const asked = said('BMSP', of('BMSP'), { act: 'replaceMasterKey', organisation: 'AMSP', key }, hours);
  const subject = {
    kind: 'master-key' as const,
    organisation: 'AMSP',
    replacement: about ?? asked.statement.id,
  };
  const request = fingerprintOf(subject);
  const approvals = approvers.map((name) => said(name, of(name), { act: 'approve', request }, hours + 1));
  return { ...asked, approvals };
}
const proven = (...successions: Succession[]) =>
  new MasterKeys({ network: NETWORK, genesis, checks }, successions);
const codeOf = (...successions: Succession[]) => {
  try {
    proven(...successions);
    return 'proven';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
};
const inForce = (keys: MasterKeys, kid: string, hours: number) => keys.at('AMSP', kid, began + hours * HOUR);

test('each key is in force from its succession to the next, whoever is asked for', () => {
  const [first, second, third] = [of('AMSP'), testKey(), testKey()];
  const keys = proven(rotation('AMSP', second, third, 20), rotation('AMSP', first, second, 10));
  for (const [hours, key] of [
    [0, first],
    [11, second],
    [30, third],
  ] as const) {
    for (const asked of [first, second, third]) expect(inForce(keys, asked.id, hours)).toEqual(key.publicJwk);
  }
  // around the change either may have signed
  for (const asked of [first, second]) expect(inForce(keys, asked.id, 10)).toEqual(asked.publicJwk);
  expect(keys.knows('AMSP', second.id)).toBe(true);
  expect(keys.knows('BMSP', second.id)).toBe(false);
});

test('a key that made way rotates no more, nor does another member’s', () => {
  const [first, second] = [of('AMSP'), testKey()];
  expect(codeOf(rotation('AMSP', first, second, 10), rotation('AMSP', first, testKey(), 20))).toBe(
    'SIGNATURE_INVALID',
  );
  expect(codeOf(rotation('AMSP', of('BMSP'), testKey(), 10))).toBe('SIGNATURE_INVALID');
  const forged = said('AMSP', first, { act: 'rotateMasterKey', key: proofOf(testKey(), 'BMSP') }, 1);
  expect(codeOf({ ...forged, approvals: [] })).toBe('INVALID_PROOF');
  const pair = proofOf(testKey(), 'AMSP', { enc: testKey().publicJwk });
  expect(codeOf({ ...said('AMSP', first, { act: 'rotateMasterKey', key: pair }, 1), approvals: [] })).toBe(
    'INVALID_PROOF',
  );
  expect(codeOf({ ...said('AMSP', first, { act: 'skip' }, 1), approvals: [] })).toBe('INVALID_STATEMENT');
});

describe('a replacement', () => {
  test.each<[string, string[], string]>([
    ['three of the four others, the asking one among them', ['CMSP', 'DMSP'], 'proven'],
    ['two of the four others', ['CMSP'], 'APPROVALS_MISSING'],
    ['one other, twice', ['CMSP', 'CMSP'], 'APPROVALS_MISSING'],
    ['the asking one again', ['BMSP', 'CMSP'], 'APPROVALS_MISSING'],
    ['the organisation itself', ['AMSP', 'CMSP'], 'APPROVALS_MISSING'],
  ])('by %s', (_who, approvers, code) => {
    expect(codeOf(replacement(testKey(), approvers, 10))).toBe(code);
  });

  test('of another request, or by a key that had made way, is none', () => {
    expect(codeOf(replacement(testKey(), ['CMSP', 'DMSP'], 10, 'A'.repeat(43)))).toBe('APPROVALS_MISSING');
    const gone = rotation('CMSP', of('CMSP'), testKey(), 1);
    expect(codeOf(gone, replacement(testKey(), ['CMSP', 'DMSP'], 10))).toBe('SIGNATURE_INVALID');
  });

  test('takes the word from the key before it, which may be a thief’s', () => {
    const [thief, fresh] = [testKey(), testKey()];
    const stolen = rotation('AMSP', of('AMSP'), thief, 1);
    const keys = proven(stolen, replacement(fresh, ['CMSP', 'DMSP'], 10));
    expect(inForce(keys, thief.id, 20)).toEqual(fresh.publicJwk);
    expect(
      codeOf(stolen, replacement(fresh, ['CMSP', 'DMSP'], 10), rotation('AMSP', thief, testKey(), 20)),
    ).toBe('SIGNATURE_INVALID');
  });
});
