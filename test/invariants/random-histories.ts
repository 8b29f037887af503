import * as fc from 'fast-check';

/** One step of a random history; numbers pick among what is there, whatever that is. */
export type Step =
  | { do: 'store'; at: 'river' | 'lake'; size: number }
  | { do: 'change'; record: number; size: number }
  | { do: 'read'; by: number; record: number; version: number; purpose: string; range: boolean }
  | { do: 'list'; by: number; purpose: string }
  | { do: 'ask'; record: number }
  | Said;

/** A person who signs: the patient, or one who acts for it. */
export type Person = 'patient' | 'delegate';

/** What is said with a signature. */
export type Said =
  | { do: 'grant'; to: number; by: Person; words: GrantStep }
  | { do: 'revoke'; which: number; by: Person; through: number }
  | { do: 'deny'; who: number | undefined; narrowed: Narrowed; records: number[] | undefined; by: Person }
  | { do: 'lift'; which: number; by: Person }
  | { do: 'freeze' | 'unfreeze'; by: Person }
  | { do: 'treat'; at: 'river' | 'lake'; span: 'now' | 'over' }
  | { do: 'pass on'; which: number; from: 'river' | 'lake' }
  | { do: 'name' | 'dismiss' };

export type Narrowed = 'organisation' | 'device' | 'practitioner' | 'physician' | 'nurse';

export interface GrantStep {
  treating: boolean;
  narrowed: Narrowed;
  records: number[] | 'all';
  except: number[];
  madeFrom: 'past' | 'future' | undefined;
  actions: string[];
  purposes: string[];
  span: 'now' | 'over' | 'to come';
  maxUses: number | undefined;
  passOn: boolean;
}

const number = fc.nat(1000);
/** positions among the askers: the hospital that depends on grants asks most */
const asking = fc.constantFrom(1, 1, 1, 1, 2, 2, 0, 3, 4);
const to = fc.constantFrom(1, 1, 1, 2, 0);
const at = fc.constantFrom('river' as const, 'lake' as const);
const by = fc.constantFrom<Person>('patient', 'patient', 'patient', 'delegate');
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2000) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 140_000 }) },
);
const purpose = fc.constantFrom('TREAT', 'TREAT', 'TREAT', 'TREAT', 'TREAT', 'HRESCH', 'HPAYMT', 'ETREAT');
const narrowed = fc.constantFrom<Narrowed>(
  ...(['organisation', 'organisation', 'organisation'] as const),
  ...(['device', 'practitioner', 'physician', 'nurse'] as const),
);
const some = fc.uniqueArray(number, { minLength: 1, maxLength: 3 });

const grantStep: fc.Arbitrary<GrantStep> = fc.record({
  treating: fc.constantFrom(false, false, false, true),
  narrowed,
  records: fc.oneof(fc.constant('all' as const), some),
  except: fc.oneof(
    { weight: 3, arbitrary: fc.array(number, { maxLength: 0 }) },
    { weight: 1, arbitrary: some },
  ),
  madeFrom: fc.constantFrom(undefined, undefined, undefined, 'past', 'future'),
  actions: fc.constantFrom(['read'], ['read'], ['read'], ['record'], ['read', 'record']),
  purposes: fc.constantFrom(['TREAT'], ['TREAT'], ['HRESCH'], ['TREAT', 'HRESCH', 'HPAYMT']),
  span: fc.constantFrom('now', 'now', 'now', 'now', 'now', 'over', 'to come'),
  maxUses: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  passOn: fc.boolean(),
});

/** A step of one kind with its further members, so often. */
function step<Kind extends Step['do'], Members>(
  weight: number,
  kind: Kind,
  members: { [Name in keyof Members]: fc.Arbitrary<Members[Name]> },
) {
  const arbitrary = fc.record({ do: fc.constant(kind), ...members });
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<Step> };
}

/** A random history of one patient. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    step(4, 'store', { at, size }),
    step(2, 'change', { record: number, size }),
    step(20, 'read', { by: asking, record: number, version: fc.nat(3), purpose, range: fc.boolean() }),
    step(6, 'list', { by: asking, purpose }),
    step(6, 'ask', { record: number }),
    step(9, 'grant', { to, by, words: grantStep }),
    step(4, 'revoke', { which: number, by, through: number }),
    step(4, 'deny', {
      who: fc.option(to, { nil: undefined, freq: 2 }),
      narrowed,
      records: fc.option(some, { nil: undefined }),
      by,
    }),
    step(2, 'lift', { which: number, by }),
    step(3, 'freeze', { by }),
    step(6, 'unfreeze', { by: fc.constantFrom<Person>('patient', 'delegate') }),
    step(2, 'treat', { at, span: fc.constantFrom('now' as const, 'now' as const, 'over' as const) }),
    step(4, 'pass on', { which: number, from: at }),
    step(2, 'name', {}),
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'dismiss' }) },
  ),
  { minLength: 24, maxLength: 56, size: 'max' },
);
