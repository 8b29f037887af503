import { setImmediate as turn } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { Group } from '../../../gateway/src/ledger/group.ts';
import { Road } from './road.ts';

/** What the fake ledger does with a transaction that arrives. */
const verdict = fc.oneof(
  { arbitrary: fc.constant('valid'), weight: 5 },
  { arbitrary: fc.constant('LEDGER_CONFLICT'), weight: 3 },
  { arbitrary: fc.constantFrom('OUTCOME_UNKNOWN', 'LEDGER_UNAVAILABLE'), weight: 1 },
);
const step = fc.oneof(
  fc.record({ is: fc.constant('add' as const), asker: fc.nat(4), key: fc.nat(3), bad: fc.nat(9) }),
  fc.record({ is: fc.constant('arrive' as const), which: fc.nat(7), verdict, pause: fc.nat(600) }),
);

interface Seen {
  answers: number;
  outcome?: string;
}

test('every item gets exactly one outcome, and it is its own, whatever the ledger does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (steps, inFlight, most, queue, early, gathers) => {
        const road = new Road();
        let now = 0;
        const group = new Group<string, string>({
          send: road.send,
          fairBy: (item) => item.split('/')[0] ?? '',
          keysOf: (item) => [item.split('/')[1] ?? ''],
          most,
          early,
          inFlight,
          queue,
          gathers,
          now: () => now,
        });
        const seen = new Map<string, Seen>();
        const committed = new Map<string, number>();
        const unknown = new Set<string>();
        const arrive = async (number: number, told: string) => {
          const items = road.sent[number] ?? [];
          const foreign = items.some((item) => item.endsWith('/bad'));
          const code = foreign && told === 'valid' ? 'SESSION_FOREIGN' : told;
          if (code === 'valid') for (const item of items) committed.set(item, (committed.get(item) ?? 0) + 1);
          if (code === 'OUTCOME_UNKNOWN') for (const item of items) unknown.add(item);
          await road.arrive(number, code === 'valid' ? undefined : new Failure(code as 'BUSY'));
        };
        for (const [at, one] of steps.entries()) {
          if (one.is === 'add') {
            const item = `${one.asker}/${one.key}/${at}${one.bad === 0 ? '/bad' : ''}`;
            const entry: Seen = { answers: 0 };
            seen.set(item, entry);
            const note = (outcome: string) => {
              entry.answers += 1;
              entry.outcome = outcome;
            };
            group.add(item).then(note, (error: Failure) => note(error.code));
          } else if (road.travelling.length > 0) {
            now += one.pause;
            const number = road.travelling[one.which % road.travelling.length] ?? 0;
            await arrive(number, one.verdict);
          }
          expect(group.inFlight).toBeLessThanOrEqual(inFlight);
          expect(road.travelling).toHaveLength(group.inFlight);
          expect(group.queued).toBeLessThanOrEqual(queue + inFlight * most);
        }
        await turn();
        while (road.travelling.length > 0) await arrive(road.travelling[0] ?? 0, 'valid');

        expect([group.inFlight, group.queued]).toEqual([0, 0]);
        expect(group.transactions).toBe(road.sent.length);
        for (const items of road.sent) expect(items.length).toBeLessThanOrEqual(most);
        for (const [item, { answers, outcome }] of seen) {
          expect(answers).toBe(1);
          expect(committed.get(item) ?? 0).toBe(outcome === `done ${item}` ? 1 : 0);
          expect(unknown.has(item)).toBe(outcome === 'OUTCOME_UNKNOWN');
          if (outcome === 'SESSION_FOREIGN') expect(item.endsWith('/bad')).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a ledger that conflicts for ever ends each item with LEDGER_CONFLICT after a bounded number of tries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 4 }),
      async (count, inFlight) => {
        const road = new Road();
        const group = new Group<string, string>({
          send: road.send,
          fairBy: (item) => item,
          keysOf: (item) => [item],
          inFlight,
        });
        const added = Array.from({ length: count }, (_, at) =>
          group.add(`item${at}`).catch((error) => error.code),
        );
        await road.arriveAll(() => new Failure('LEDGER_CONFLICT'));
        expect(await Promise.all(added)).toEqual(added.map(() => 'LEDGER_CONFLICT'));
        // 64 are eight, three, two and then one alone, which is tried five times.
        for (let at = 0; at < count; at += 1) {
          expect(road.sent.filter((items) => items.includes(`item${at}`)).length).toBeLessThanOrEqual(9);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('however much others ask, an item leaves after as many of its asker’s items as rounds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 16 }),
      async (askers, most) => {
        const road = new Road();
        const group = new Group<string, string>({
          send: road.send,
          fairBy: (item) => item.split('/')[0] ?? '',
          keysOf: () => [],
          inFlight: 1,
          most,
        });
        void group.add('first');
        const rank = new Map<string, number>();
        const perAsker = new Map<number, number>();
        for (const [at, asker] of askers.entries()) {
          const place = (perAsker.get(asker) ?? 0) + 1;
          perAsker.set(asker, place);
          rank.set(`${asker}/${at}`, place);
          void group.add(`${asker}/${at}`);
        }
        await road.arriveAll();
        const order = road.sent.slice(1).flat();
        for (const [position, item] of order.entries()) {
          expect(position).toBeLessThan((rank.get(item) ?? 0) * perAsker.size);
        }
      },
    ),
    { numRuns: 100 },
  );
});
