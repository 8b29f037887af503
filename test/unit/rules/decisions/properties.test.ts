import type { Denial, Grant, Named, Scope } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { seed, share } from '../../../support/share.ts';
import { type Case, device, minute, noonAnd, record, session, verdict } from '../facts.ts';

// What holds of every decision, whatever stands: over random words of a patient and random askers.
const names = fc.constantFrom('r1', 'r2');
const labels = fc.constantFrom('psychiatry', 'genetics');
const named: fc.Arbitrary<Named> = fc.oneof(
  fc.record({ records: fc.uniqueArray(names, { minLength: 1 }) }),
  fc.record({ labels: fc.uniqueArray(labels, { minLength: 1 }) }),
);
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant('all' as const),
  named,
  fc.record({ madeFrom: fc.constantFrom(-61, -60, -59).map((at) => noonAnd(at * minute)) }),
  fc.record({ except: named }),
);
const members = fc.record(
  {
    organisation: fc.constantFrom('Lake', 'Lake', 'Hill'),
    department: fc.constantFrom('cardiology', 'oncology'),
    role: fc.constantFrom('physician' as const, 'nurse' as const),
    practitioner: fc.constantFrom('mara', 'jon'),
  },
  { requiredKeys: ['organisation'] },
);
const words = {
  grant: fc.uuid(),
  scope,
  actions: fc.constantFrom<Grant['actions']>(['read'], ['record'], ['read', 'record']),
  purposes: fc.constantFrom<Grant['purposes']>(['TREAT'], ['HRESCH'], ['TREAT', 'HRESCH']),
  uses: fc.nat(2),
};
const time = fc.integer({ min: -1, max: 1 }).map(noonAnd);
const perhaps = { notBefore: time, notAfter: time, maxUses: fc.integer({ min: 1, max: 2 }) };
const required = { requiredKeys: ['grant', 'scope', 'actions', 'purposes', 'uses', 'grantee'] as const };
const grants: fc.Arbitrary<Grant[]> = fc.array(
  fc.record({ ...words, ...perhaps, grantee: members }, required as never) as fc.Arbitrary<Grant>,
  { maxLength: 5 },
);
const treating = fc.array(
  fc.record(
    { ...words, ...perhaps, grantee: fc.constant({ treating: true as const }) },
    required as never,
  ) as fc.Arbitrary<Grant>,
  { maxLength: 2 },
);
const denial: fc.Arbitrary<Denial> = fc.oneof(
  fc.record({ denial: fc.uuid(), who: members }),
  fc.record({ denial: fc.uuid(), what: named }),
  fc.record({ denial: fc.uuid(), who: members, what: named }),
);
const asked: fc.Arbitrary<Case> = fc
  .record({
    grants,
    treating,
    denials: fc.array(denial, { maxLength: 2 }),
    treatedUntil: time,
    purpose: fc.constantFrom('TREAT' as const, 'HRESCH' as const),
    role: fc.constantFrom('physician' as const, 'nurse' as const),
    custodian: fc.constantFrom('River', 'River', 'Lake'),
    labels: fc.uniqueArray(labels),
  })
  .map(({ purpose, role, custodian, labels, ...words }) => ({
    ...words,
    item: { kind: 'read' as const, purpose },
    session: { ...session, role },
    device,
    record: { ...record, custodian, labels },
  }));

const isGranted = (facts: Case) => /^(grant|custodian|approval|break-glass)/.test(verdict(facts));
const without = <Item>(items: readonly Item[] = [], at: number) => items.filter((_, n) => n !== at);
const holds = (law: (facts: Case, at: number) => boolean) =>
  fc.assert(fc.property(asked, fc.nat(4), law), { numRuns: share(200_000, 2_000), seed, endOnFailure: true });

test('taking a grant back never grants more', () => {
  holds((facts, at) => {
    const less = { ...facts, grants: without(facts.grants, at), treating: without(facts.treating, at) };
    return isGranted(facts) || !isGranted(less);
  });
});

test('one denial more never grants more', () => {
  fc.assert(
    fc.property(asked, denial, (facts, one) => {
      const more = { ...facts, denials: [...(facts.denials ?? []), one] };
      return isGranted(facts) || !isGranted(more);
    }),
    { numRuns: share(200_000, 2_000), seed, endOnFailure: true },
  );
});

test('a narrower scope never grants more', () => {
  fc.assert(
    fc.property(asked, fc.nat(4), named, (facts, at, except) => {
      const narrower = (facts.grants ?? []).map((one, n): Grant => {
        if (n !== at) return one;
        const { scope } = one;
        if (scope === 'all') return { ...one, scope: { except } };
        return { ...one, scope: { ...scope, except: joined(scope.except, except) } };
      });
      return isGranted(facts) || !isGranted({ ...facts, grants: narrower });
    }),
    { numRuns: share(200_000, 2_000), seed, endOnFailure: true },
  );
});

test('the order of grants and of denials changes nothing of granted or refused, nor a refusal for want of a grant', () => {
  holds((facts) => {
    const turned = {
      ...facts,
      grants: facts.grants?.toReversed() ?? [],
      treating: facts.treating?.toReversed() ?? [],
      denials: facts.denials?.toReversed() ?? [],
    };
    const [one, other] = [verdict(facts), verdict(turned)].map((said) => said.split(' ')[0]);
    return one === other;
  });
});

test('these words grant and refuse: nothing above holds for want of cases', () => {
  const seen = new Set(
    fc.sample(asked, { numRuns: 2_000, seed }).map((facts) => verdict(facts).split(' ')[0]),
  );
  for (const word of [
    'grant',
    'custodian',
    'DENIED_BY_PATIENT',
    'NO_GRANT',
    'TREATMENT_REQUIRED',
    'USES_EXHAUSTED',
  ]) {
    expect(seen).toContain(word);
  }
});

const joined = (one: Named | undefined, other: Named): Named => {
  const records = [...new Set([...(one?.records ?? []), ...(other.records ?? [])])];
  const both = [...new Set([...(one?.labels ?? []), ...(other.labels ?? [])])];
  return { ...(records.length > 0 && { records }), ...(both.length > 0 && { labels: both }) };
};
