import { type Case, device, grant, minute, noonAnd, session, verdict } from '../facts.ts';

// Whom a grant is for: an organisation, one of its departments or roles, one practitioner, one device, or
// everybody treating the patient. Each row: what the patient said, and what it comes to when Lakeside's Mara,
// a physician, asks from a device in cardiology.
type Row = [says: string, grantee: Case['grants'], expected: string];

const to = (narrowed: object) => [grant({ grantee: { organisation: 'Lake', ...narrowed } })];

describe('a grant is for whom the patient named', () => {
  test.each<Row>([
    ['the organisation', to({}), 'grant g'],
    ['another organisation', [grant({ grantee: { organisation: 'Hill' } })], 'NO_GRANT'],
    ['the department that asks', to({ department: 'cardiology' }), 'grant g'],
    ['another department', to({ department: 'oncology' }), 'NO_GRANT'],
    ['the role that asks', to({ role: 'physician' }), 'grant g'],
    ['another role', to({ role: 'nurse' }), 'NO_GRANT'],
    ['the practitioner who asks', to({ practitioner: 'mara' }), 'grant g'],
    ['another practitioner', to({ practitioner: 'jon' }), 'NO_GRANT'],
    ['the device that asks', to({ device: 'device' }), 'grant g'],
    ['another device', to({ device: 'other' }), 'NO_GRANT'],
    ['the role in the department', to({ department: 'cardiology', role: 'physician' }), 'grant g'],
    ['the role in another department', to({ department: 'oncology', role: 'physician' }), 'NO_GRANT'],
    ['another role in the department', to({ department: 'cardiology', role: 'nurse' }), 'NO_GRANT'],
    ['the practitioner on the device', to({ practitioner: 'mara', device: 'device' }), 'grant g'],
    ['the practitioner on another device', to({ practitioner: 'mara', device: 'other' }), 'NO_GRANT'],
    [
      'the same practitioner’s name at another organisation',
      [grant({ grantee: { organisation: 'Hill', practitioner: 'mara' } })],
      'NO_GRANT',
    ],
    [
      'all narrowings at once',
      to({ department: 'cardiology', role: 'physician', practitioner: 'mara', device: 'device' }),
      'grant g',
    ],
  ])('%s', (_says, grants, expected) => {
    expect(verdict({ grants: grants! })).toBe(expected);
  });

  test('a device without a department is in none', () => {
    const { department: _none, ...without } = device;
    expect(verdict({ device: without, grants: to({ department: 'cardiology' }) })).toBe('NO_GRANT');
    expect(verdict({ device: without, grants: to({}) })).toBe('grant g');
  });
});

describe('a grant to everybody treating is for whose organisation declared that it treats', () => {
  const treating = (change: object = {}) => [grant({ grantee: { treating: true, ...change } })];
  test.each<[string, Case, string]>([
    ['declared', { treating: treating(), treatedUntil: noonAnd(minute) }, 'grant g'],
    ['declared, in its last millisecond', { treating: treating(), treatedUntil: noonAnd(0) }, 'grant g'],
    ['declared, and over', { treating: treating(), treatedUntil: noonAnd(-1) }, 'TREATMENT_REQUIRED'],
    ['never declared', { treating: treating() }, 'TREATMENT_REQUIRED'],
    ['declared, and nothing granted', { treatedUntil: noonAnd(minute) }, 'NO_GRANT'],
    [
      'declared, for the role that asks',
      { treating: treating({ role: 'physician' }), treatedUntil: noonAnd(minute) },
      'grant g',
    ],
    [
      'declared, for another role',
      { treating: treating({ role: 'nurse' }), treatedUntil: noonAnd(minute) },
      'NO_GRANT',
    ],
    [
      'declared by a regulator',
      {
        device: { ...device, organisation: 'Crown' },
        treating: treating(),
        treatedUntil: noonAnd(minute),
      },
      'KIND_NOT_ALLOWED',
    ],
    [
      'not declared, where the organisation has a grant of its own',
      { treating: treating(), grants: [grant({ grant: 'own' })] },
      'grant own',
    ],
  ])('%s', (_says, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });
});

test('the session’s practitioner and role count, whatever device they sit at', () => {
  const nurse = { ...session, practitioner: 'jon', role: 'nurse' as const };
  expect(verdict({ session: nurse, grants: to({ role: 'physician' }) })).toBe('NO_GRANT');
  expect(verdict({ session: nurse, grants: to({ practitioner: 'mara' }) })).toBe('NO_GRANT');
  expect(verdict({ session: nurse, grants: to({ role: 'nurse', practitioner: 'jon' }) })).toBe('grant g');
});
