import * as fc from 'fast-check';

/** One step of a random history; numbers pick among what is there, whatever that is. */
export type Step =
  | { do: 'store'; at: 'river' | 'lake'; size: number }
  | { do: 'change'; record: number; size: number }
  | { do: 'grant'; to: number; words: GrantStep }
  | { do: 'revoke'; which: number; through: number }
  | { do: 'read'; by: number; record: number; version: number; purpose: string; range: boolean }
  | { do: 'list'; by: number; purpose: string };

export interface GrantStep {
  narrowed: 'organisation' | 'device' | 'practitioner';
  records: number[] | 'all';
  actions: string[];
  purposes: string[];
  span: 'now' | 'over' | 'to come';
  maxUses: number | undefined;
}

const number = fc.nat(1000);
/** positions among the askers: the hospital that depends on grants asks most */
const by = fc.constantFrom(1, 1, 1, 1, 2, 2, 0, 3, 4);
const to = fc.constantFrom(1, 1, 1, 2, 0);
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2000) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 140_000 }) },
);
const purpose = fc.constantFrom('TREAT', 'TREAT', 'TREAT', 'TREAT', 'TREAT', 'HRESCH', 'HPAYMT', 'ETREAT');

const grantStep: fc.Arbitrary<GrantStep> = fc.record({
  narrowed: fc.constantFrom('organisation', 'organisation', 'device', 'practitioner'),
  records: fc.oneof(fc.constant('all' as const), fc.uniqueArray(number, { minLength: 1, maxLength: 3 })),
  actions: fc.constantFrom(['read'], ['read'], ['read'], ['record'], ['read', 'record']),
  purposes: fc.constantFrom(['TREAT'], ['TREAT'], ['HRESCH'], ['TREAT', 'HRESCH', 'HPAYMT']),
  span: fc.constantFrom('now', 'now', 'now', 'now', 'now', 'over', 'to come'),
  maxUses: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
});

const read = fc.record({
  do: fc.constant('read' as const),
  by,
  record: number,
  version: fc.nat(3),
  purpose,
  range: fc.boolean(),
});

/** A random history of one patient. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('store' as const), at: fc.constantFrom('river', 'lake'), size }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), record: number, size }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('grant' as const), to, words: grantStep }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('revoke' as const), which: number, through: number }),
    },
    { weight: 10, arbitrary: read },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('list' as const), by, purpose }) },
  ),
  { minLength: 16, maxLength: 40, size: 'max' },
);
