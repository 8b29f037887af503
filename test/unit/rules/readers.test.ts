import { readersOf } from '@chartkey/rules';
import type { Grant } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { seed, share } from '../../support/share.ts';
import { device, grant, minute, never, noonAnd, session, verdict } from './facts.ts';
import { byGrant, lake, of, patient, readersFacts } from './readers-facts.ts';

test('every member is told of, and the patient', () => {
  expect(readersOf(readersFacts())).toEqual([
    { organisation: 'Lake', code: 'NO_GRANT' },
    { organisation: 'River', basis: 'custodian', purposes: ['TREAT'] },
    { organisation: 'Hill', code: 'NO_GRANT' },
    { organisation: 'Crown', code: 'KIND_NOT_ALLOWED' },
    { organisation: 'Cover', code: 'KIND_NOT_ALLOWED' },
    { person: patient, basis: 'patient' },
  ]);
});

describe('an organisation could read', () => {
  const psychiatry = { labels: ['psychiatry'] };
  const rule = { rule: 'rule', on: psychiatry, of: [], need: 2, within: 1, lasting: 1 };
  const approved = {
    request: 'q',
    rule: 'rule',
    record: 'r1',
    purpose: 'HRESCH' as const,
    until: noonAnd(0),
  };
  const toAll = grant({ grantee: { treating: true } });
  test.each<[string, unknown, unknown[]]>([
    ['by its grant', lake({ grants: [grant()] }), [byGrant]],
    [
      'for what the grant is for, but never in an emergency’s name',
      lake({ grants: [grant({ purposes: ['HRESCH', 'ETREAT', 'TREAT'] })] }),
      [{ ...byGrant, purposes: ['HRESCH', 'TREAT'] }],
    ],
    [
      'by each of its grants',
      lake({ grants: [grant(), grant({ grant: 'h', maxUses: 2 })] }),
      [byGrant, { ...byGrant, grant: 'h' }],
    ],
    [
      'in the part that the grant names',
      lake({
        grants: [grant({ grantee: { organisation: 'Lake', department: 'cardiology', role: 'nurse' } })],
      }),
      [{ ...byGrant, narrowedTo: { department: 'cardiology', role: 'nurse' } }],
    ],
    [
      'but for the part that a denial names',
      lake({ grants: [grant()] }, { denials: [never({ who: { organisation: 'Lake', role: 'nurse' } })] }),
      [{ ...byGrant, except: ['never'] }],
    ],
    [
      'in a part that a denial of another part says nothing of',
      lake(
        { grants: [grant({ grantee: { organisation: 'Lake', role: 'physician' } })] },
        { denials: [never({ who: { organisation: 'Lake', role: 'nurse' } })] },
      ),
      [{ ...byGrant, narrowedTo: { role: 'physician' } }],
    ],
    [
      'as one that treats',
      lake({ treatment: { statement: 'declared', until: noonAnd(0) } }, { treating: [toAll] }),
      [byGrant],
    ],
    [
      'by what k of n approved, for what they approved it, whatever was granted',
      lake({ grants: [grant()], approved: [approved] }, { rules: [rule] }),
      [{ basis: 'approval', ground: 'q', purposes: ['HRESCH'] }],
    ],
  ])('%s', (_title, said, expected) => {
    expect(said).toEqual(expected);
  });

  test('through a broken glass, who broke it, and nobody once it is over', () => {
    const opening = { opening: 'o', key: 'k', practitioner: 'mara', device: 'device' };
    const broken = (until: string) => ({
      ...readersFacts(),
      openings: new Map([['Lake', [{ ...opening, until }]]]),
    });
    const narrowedTo = { practitioner: 'mara', device: 'device' };
    expect(of('Lake', broken(noonAnd(0)))).toEqual([
      { basis: 'break-glass', ground: 'o', narrowedTo, purposes: ['ETREAT'] },
    ]);
    expect(of('Lake', broken(noonAnd(-1)))).toEqual([{ code: 'NO_GRANT' }]);
  });
});

describe('an organisation could not read, since', () => {
  const rule = { rule: 'rule', on: { records: ['r1'] }, of: [], need: 2, within: 1, lasting: 1 };
  test.each<[string, unknown, object]>([
    ['the grant has ended', lake({ grants: [grant({ notAfter: noonAnd(-1) })] }), { code: 'GRANT_EXPIRED' }],
    [
      'the grant of its only practitioner is used up',
      lake({
        grants: [grant({ grantee: { organisation: 'Lake', practitioner: 'mara' }, maxUses: 1, uses: 1 })],
      }),
      { code: 'USES_EXHAUSTED' },
    ],
    [
      'it has not declared that it treats',
      lake({}, { treating: [grant({ grantee: { treating: true } })] }),
      { code: 'TREATMENT_REQUIRED' },
    ],
    [
      'the patient denied it',
      lake({ grants: [grant()] }, { denials: [never({ who: { organisation: 'Lake' } })] }),
      { code: 'DENIED_BY_PATIENT', ground: 'never' },
    ],
    [
      'the patient denied its only part that was granted',
      lake(
        { grants: [grant({ grantee: { organisation: 'Lake', role: 'nurse' } })] },
        { denials: [never({ who: { organisation: 'Lake', role: 'nurse' } })] },
      ),
      { code: 'DENIED_BY_PATIENT', ground: 'never' },
    ],
    [
      'a rule waits for approvals',
      lake({ grants: [grant()] }, { rules: [rule] }),
      { code: 'APPROVAL_REQUIRED', ground: 'rule' },
    ],
    [
      'the patient is frozen',
      lake({ grants: [grant()] }, { frozen: { statement: 'f', by: 'k' } }),
      { code: 'PATIENT_FROZEN', ground: 'f' },
    ],
  ])('%s', (_title, said, expected) => {
    expect(said).toEqual([expected]);
  });
});

test('persons who act for the patient are told of, with what lets them read or not', () => {
  const carer = {
    delegation: 'd',
    person: 'ann',
    kind: 'carer' as const,
    powers: ['read' as const],
    attested: [],
  };
  const others = [
    { ...carer, delegation: 'e', person: 'ben', powers: ['log' as const] },
    { ...carer, person: 'cho' },
  ];
  const facts = readersFacts(
    {},
    { delegates: [carer, ...others], denials: [never({ who: { person: 'cho' } })] },
  );
  expect(['ann', 'ben', 'cho'].map((one) => of(one, facts)[0])).toEqual([
    { basis: 'delegate', ground: 'd' },
    { code: 'NOT_A_DELEGATE' },
    { code: 'DENIED_BY_PATIENT', ground: 'never' },
  ]);
});

test('whoever is said to be able to read is granted it, and nobody else of that organisation', () => {
  const parts = fc.record(
    {
      role: fc.constantFrom('physician' as const, 'nurse' as const),
      department: fc.constantFrom('cardiology', 'oncology'),
    },
    { requiredKeys: [] },
  );
  const one = fc.record({
    part: parts,
    scope: fc.constantFrom<Grant['scope']>('all', { records: ['r2'] }, { labels: ['psychiatry'] }),
  });
  fc.assert(
    fc.property(
      fc.array(one, { maxLength: 3 }),
      fc.option(parts),
      fc.constantFrom('physician' as const, 'nurse' as const),
      (given, denied, role) => {
        const grants = given.map(({ part, scope }, n) =>
          grant({ grant: `g${n}`, grantee: { organisation: 'Lake', ...part }, scope }),
        );
        const denials = denied ? [never({ who: { organisation: 'Lake', ...denied } })] : [];
        const said = of('Lake', readersFacts({ grants }, { denials }));
        // as readersOf tells it: some way fits the asker, and none of the denials it names does
        const isDenied = denials.some(({ who }) => isOf(who as object, role));
        const told = said.some(
          ({ basis, narrowedTo = {}, except }) => basis && isOf(narrowedTo, role) && !(except && isDenied),
        );
        return (
          told ===
          verdict({
            grants,
            denials,
            session: { ...session, role },
            device,
            treatedUntil: noonAnd(minute),
          }).startsWith('grant')
        );
      },
    ),
    { numRuns: share(100_000, 1_000), seed },
  );
});

/** Is somebody of this role, in cardiology, of this part? */
const isOf = (
  { role, department }: { role?: string | undefined; department?: string | undefined },
  own: string,
) => (role === undefined || role === own) && (department === undefined || department === 'cardiology');
