import { basisOf, passedOn } from '@chartkey/rules';
import { Failure, type Grant, type Purpose } from '@chartkey/vocabulary';
import { grant, noon, noonAnd, session, standing, verdict } from '../facts.ts';

// What else a grant says: action, purposes, time, uses, whether it may be passed on; and the code of a refusal,
// which is the nearest miss of all grants.

describe('reading and recording are apart', () => {
  const ask = (
    action: 'read' | 'record',
    actions: Grant['actions'],
    purposes: readonly Purpose[] = ['TREAT'],
  ) => {
    const facts = { standing: standing(), relation: { grants: [grant({ actions })] } };
    const asker = { organisation: 'Lake', device: 'device', practitioner: 'mara' };
    const decision = basisOf({ ...asker, action, purposes, time: noon }, facts);
    return decision.is === 'granted' ? decision.basis : decision.code;
  };
  test.each<[string, Parameters<typeof ask>, string]>([
    ['to read: read', ['read', ['read']], 'grant'],
    ['to read: record', ['record', ['read']], 'ACTION_NOT_GRANTED'],
    ['to record: record', ['record', ['record']], 'grant'],
    ['to record: read', ['read', ['record']], 'ACTION_NOT_GRANTED'],
    ['to read and record: read', ['read', ['read', 'record']], 'grant'],
    ['to read and record: record', ['record', ['read', 'record']], 'grant'],
    [
      'one of the session’s purposes is enough to record',
      ['record', ['record'], ['HRESCH', 'TREAT']],
      'grant',
    ],
    ['none of the session’s purposes is granted', ['record', ['record'], ['HRESCH']], 'PURPOSE_NOT_GRANTED'],
    ['nothing is recorded in an emergency’s name', ['record', ['record'], ['ETREAT']], 'PURPOSE_NOT_ALLOWED'],
  ])('granted %s', (_says, asked, expected) => {
    expect(ask(...asked)).toBe(expected);
  });
});

describe('purposes, time and uses', () => {
  const research = { item: { kind: 'read' as const, purpose: 'HRESCH' as const } };
  test.each<[says: string, change: Partial<Grant>, expected: string, asked?: typeof research]>([
    ['for treatment, asked for treatment', {}, 'grant g'],
    ['for treatment, asked for research', {}, 'PURPOSE_NOT_GRANTED', research],
    ['for research, asked for treatment', { purposes: ['HRESCH'] }, 'PURPOSE_NOT_GRANTED'],
    ['for both, asked for research', { purposes: ['TREAT', 'HRESCH'] }, 'grant g', research],
    ['from a millisecond later', { notBefore: noonAnd(1) }, 'GRANT_NOT_YET_VALID'],
    ['from this millisecond', { notBefore: noonAnd(0) }, 'grant g'],
    ['from a millisecond ago', { notBefore: noonAnd(-1) }, 'grant g'],
    ['until a millisecond later', { notAfter: noonAnd(1) }, 'grant g'],
    ['until this millisecond', { notAfter: noonAnd(0) }, 'grant g'],
    ['until a millisecond ago', { notAfter: noonAnd(-1) }, 'GRANT_EXPIRED'],
    ['for this millisecond alone', { notBefore: noonAnd(0), notAfter: noonAnd(0) }, 'grant g'],
    ['for one use, not used', { maxUses: 1 }, 'grant g'],
    ['for one use, used', { maxUses: 1, uses: 1 }, 'USES_EXHAUSTED'],
    ['for three uses, two used', { maxUses: 3, uses: 2 }, 'grant g'],
    ['for three uses, three used', { maxUses: 3, uses: 3 }, 'USES_EXHAUSTED'],
  ])('%s', (_says, change, expected, asked = {} as typeof research) => {
    expect(verdict({ ...asked, grants: [grant(change)] })).toBe(expected);
  });
});

describe('a refusal names the nearest miss of all grants', () => {
  const misses: [code: string, grant: Grant, treating?: true][] = [
    ['NO_GRANT', grant({ scope: { records: ['r2'] } })],
    ['TREATMENT_REQUIRED', grant({ grantee: { treating: true } })],
    ['ACTION_NOT_GRANTED', grant({ actions: ['record'] })],
    ['PURPOSE_NOT_GRANTED', grant({ purposes: ['HRESCH'] })],
    ['GRANT_EXPIRED', grant({ notAfter: noonAnd(-1) })],
    ['GRANT_NOT_YET_VALID', grant({ notBefore: noonAnd(1) })],
    ['USES_EXHAUSTED', grant({ maxUses: 1, uses: 1 })],
  ];
  const pairs = misses.flatMap((nearer, at) =>
    misses.slice(0, at).map((farther) => [nearer[0], farther[0], [nearer[1], farther[1]]] as const),
  );
  const split = (grants: readonly Grant[]) => ({
    grants: grants.filter(({ grantee }) => !('treating' in grantee)),
    treating: grants.filter(({ grantee }) => 'treating' in grantee),
  });
  test.each(pairs)('%s is nearer than %s', (code, _farther, grants) => {
    expect(verdict(split(grants))).toBe(code);
    expect(verdict(split(grants.toReversed()))).toBe(code);
  });

  test('one grant is not made of two: the scope of one, the purpose of another', () => {
    const halves = [grant({ scope: { records: ['r2'] } }), grant({ purposes: ['HRESCH'] })];
    expect(verdict({ grants: halves })).toBe('PURPOSE_NOT_GRANTED');
  });
});

describe('a grant is passed on once, by whom it is for', () => {
  const mara = { organisation: 'Lake', practitioner: 'mara', role: 'physician' as const };
  const pass = (change: Partial<Grant>, by = mara, to = 'Hill') => {
    try {
      return passedOn(grant({ passOn: true, ...change }), by, { id: 'passed', to });
    } catch (error) {
      return error instanceof Failure ? error.code : error;
    }
  };
  const none = 'PASS_ON_NOT_GRANTED';

  test('the other hospital gets the same words, and may not pass them on again', () => {
    const words = { scope: { records: ['r1'] }, notAfter: noonAnd(1) };
    const passed = pass(words) as Grant;
    const { grant: _id, ...same } = grant(words);
    expect(passed).toEqual({ ...same, grant: 'passed', grantee: { organisation: 'Hill' }, from: 'g' });
    expect(passed.passOn).toBeUndefined();
    const hill = { ...session, practitioner: 'ines' };
    const device = { device: 'd', organisation: 'Hill', status: 'approved' } as never;
    expect(verdict({ session: hill, device, grants: [passed] })).toBe('grant passed');
  });

  test('a role stays with it; a practitioner, device or department of the first hospital does not', () => {
    const narrowed = {
      organisation: 'Lake',
      role: 'physician' as const,
      practitioner: 'mara',
      device: 'device',
    };
    expect((pass({ grantee: narrowed }) as Grant).grantee).toEqual({
      organisation: 'Hill',
      role: 'physician',
    });
  });

  test.each<[string, unknown]>([
    ['that may not be passed on', pass({ passOn: undefined as never })],
    ['that was passed on before', pass({ passedTo: { organisation: 'River', grant: 'other' } })],
    ['to everybody treating', pass({ grantee: { treating: true } })],
    ['to the organisation that has it', pass({}, mara, 'Lake')],
    ['by another organisation', pass({}, { ...mara, organisation: 'River' })],
    [
      'by another practitioner than it is for',
      pass({ grantee: { organisation: 'Lake', practitioner: 'jon' } }),
    ],
    [
      'for a department, which no practitioner’s key tells of',
      pass({ grantee: { organisation: 'Lake', department: 'surgery' } }),
    ],
    ['for one device alone', pass({ grantee: { organisation: 'Lake', device: 'device' } })],
    ['by another role than it is for', pass({ grantee: { organisation: 'Lake', role: 'nurse' } })],
  ])('not one %s', (_says, outcome) => {
    expect(outcome).toBe(none);
  });
});
