import {
  type AccessEntry,
  AccessesState,
  canonicalJson,
  entriesOf,
  entryOf,
  instantAt,
  type KeptEntry,
  writtenEntries,
} from '@chartkey/vocabulary';
import fc from 'fast-check';

const id = (seed: number) => `${String.fromCharCode(65 + seed).repeat(42)}A`;
const transaction = 'a'.repeat(64);
const asker = (seed: number) => ({
  ...{ session: id(seed), until: instantAt(300_000), organisation: 'LakesideMSP', device: id(seed) },
});
const askers = [asker(0), asker(1)];

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const oneOf = fc.integer({ min: 0, max: 2 }).map(id);
const kept = fc
  .record({
    gap: fc.integer({ min: 1, max: 3 }),
    asker: fc.integer({ min: 0, max: 1 }),
    patient: oneOf,
    purpose: fc.constantFrom('TREAT' as const, 'ETREAT' as const),
    version: maybe(fc.integer({ min: 1, max: 2 })),
    grant: maybe(oneOf),
    ground: maybe(oneOf),
    code: maybe(fc.constantFrom('NO_GRANT', 'DENIED')),
  })
  .map(({ gap, ...said }) => ({
    gap,
    said: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
  }));
const transactions = fc.array(kept, { maxLength: 12 }).map((all) => {
  let item = -1;
  return all.map(({ gap, said }) => {
    item += gap;
    return { item, ...said } as KeptEntry;
  });
});

const stateOf = (entries: readonly KeptEntry[]): AccessesState =>
  AccessesState.parse(
    JSON.parse(canonicalJson({ time: instantAt(0), askers, entries: writtenEntries(entries) })),
  );

test('entries read from the ledger are those that were written, whatever stood before them', () => {
  fc.assert(
    fc.property(transactions, (entries) => {
      const state = stateOf(entries);
      const whole = entries.map(({ item, asker: by, ...said }) => {
        const { until: _until, ...who } = askers[by]!;
        const decision = said.code === undefined ? 'granted' : 'denied';
        return {
          access: `${transaction}:${item}`,
          kind: 'list',
          time: instantAt(0),
          decision,
          ...who,
          ...said,
        };
      });
      expect(entriesOf(transaction, state)).toEqual(whole);
      for (const [at, { item }] of entries.entries()) {
        expect(entryOf(transaction, state, item)).toEqual(whole[at]);
      }
      expect(entryOf(transaction, state, 99)).toBeUndefined();
    }),
  );
});

test.each<[string, KeptEntry[], object[]]>([
  [
    'one entry says all of itself',
    [{ item: 0, asker: 0, patient: id(0), purpose: 'TREAT', version: 1 }],
    [{ item: 0, asker: 0, patient: id(0), purpose: 'TREAT', version: 1 }],
  ],
  [
    'the next one says what is new',
    [
      { item: 0, asker: 0, patient: id(0), purpose: 'TREAT', basis: 'custodian', version: 1 },
      { item: 1, asker: 0, patient: id(0), purpose: 'TREAT', basis: 'custodian', version: 2 },
    ],
    [{ item: 0, asker: 0, patient: id(0), purpose: 'TREAT', basis: 'custodian', version: 1 }, { version: 2 }],
  ],
  [
    'what ends is taken away, and an item that was left out is numbered',
    [
      { item: 0, asker: 0, patient: id(0), purpose: 'TREAT', grant: id(1) },
      { item: 2, asker: 0, patient: id(0), purpose: 'TREAT', code: 'NO_GRANT' },
    ],
    [
      { item: 0, asker: 0, patient: id(0), purpose: 'TREAT', grant: id(1) },
      { item: 2, grant: null, code: 'NO_GRANT' },
    ],
  ],
])('%s', (_what, entries, written) => {
  expect(writtenEntries(entries)).toEqual(written);
});

test.each<[string, object[]]>([
  ['nothing of a first entry', [{}]],
  ['an entry without a patient', [{ item: 0, asker: 0, purpose: 'TREAT' }]],
  [
    'one whose patient is taken away',
    [{ item: 0, asker: 0, patient: id(0), purpose: 'TREAT' }, { patient: null }],
  ],
])('%s is no entry', (_what, entries) => {
  const state = AccessesState.parse({ time: instantAt(0), askers, entries });
  expect((): AccessEntry[] => entriesOf(transaction, state)).toThrow();
});
