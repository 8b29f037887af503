import { setImmediate as turn } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import { Group, type GroupOptions } from '../../../gateway/src/ledger/group.ts';
import { Road } from './road.ts';

function groupOn(road: Road, options: Partial<GroupOptions<string, string>> = {}) {
  return new Group<string, string>({
    send: road.send,
    fairBy: (item) => item[0] ?? '',
    keysOf: (item) => [item],
    inFlight: 1,
    ...options,
  });
}

/** Adds items and answers what became of each, once known. */
function addAll(group: Group<string, string>, items: string[]) {
  const seen: Record<string, string> = {};
  for (const item of items) {
    group.add(item).then(
      (outcome) => {
        seen[item] = outcome;
      },
      (error: Failure) => {
        seen[item] = error.code ?? error.message;
      },
    );
  }
  return seen;
}

test('a lone item leaves before add returns', () => {
  const road = new Road();
  void groupOn(road).add('a1');
  expect(road.sent).toEqual([['a1']]);
});

test('items leave at once below the limit; what waits above it shares the next transaction', async () => {
  const road = new Road();
  const group = groupOn(road, { early: 2, inFlight: 2 });
  const seen = addAll(group, ['a1', 'a2', 'a3', 'a4', 'a5']);
  expect(road.sent).toEqual([['a1'], ['a2']]);
  expect([group.inFlight, group.queued]).toEqual([2, 3]);
  await road.arrive(0);
  expect(road.sent[2]).toEqual(['a3', 'a4', 'a5']);
  await road.arriveAll();
  expect(seen).toEqual({ a1: 'done a1', a2: 'done a2', a3: 'done a3', a4: 'done a4', a5: 'done a5' });
  expect([group.inFlight, group.queued, group.transactions, group.items]).toEqual([0, 0, 3, 5]);
});

test('from the early limit on only full transactions leave, and no more than the limit', async () => {
  const road = new Road();
  const group = groupOn(road, { most: 3, early: 1, inFlight: 3 });
  addAll(group, ['a0', 'a1', 'a2']);
  expect(road.sent).toEqual([['a0']]);
  addAll(group, ['a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
  expect(road.sent).toEqual([['a0'], ['a1', 'a2', 'a3'], ['a4', 'a5', 'a6']]);
  await road.arrive(1);
  expect(road.sent[3]).toEqual(['a7', 'a8', 'a9']);
  addAll(group, ['a10']);
  await road.arrive(0);
  await road.arrive(2);
  expect([group.inFlight, group.queued]).toEqual([1, 1]);
  await road.arriveAll();
  expect(road.sent[4]).toEqual(['a10']);
});

test('items set apart travel beside the fresh ones, and the fresh ones do not wait for them', async () => {
  const road = new Road();
  const group = groupOn(road, { early: 1, inFlight: 3 });
  addAll(group, ['a0', 'a1', 'a2', 'a3', 'a4']);
  await road.arrive(0);
  await road.arrive(1, new Failure('LEDGER_CONFLICT'));
  addAll(group, ['b1']);
  expect(road.sent.slice(2)).toEqual([['a1', 'a2'], ['a3', 'a4'], ['b1']]);
});

test('a greedy asker leaves its neighbours their share of the next transaction', async () => {
  const road = new Road();
  const greedy = Array.from({ length: 200 }, (_, at) => `a${at}`);
  addAll(groupOn(road), [...greedy, 'b1', 'c1', 'b2']);
  await road.arrive(0);
  expect(road.sent[1]).toHaveLength(64);
  expect(road.sent[1]?.slice(0, 6)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a conflict splits the transaction until the culprit travels alone, and others succeed', async () => {
  const road = new Road();
  const group = groupOn(road);
  const seen = addAll(group, ['a0', 'a1', 'a2', 'a3', 'a4']);
  await road.arrive(0);
  await road.arriveAll((items) => items.includes('a2') && new Failure('LEDGER_CONFLICT'));
  expect(seen).toEqual({ a0: 'done a0', a1: 'done a1', a2: 'LEDGER_CONFLICT', a3: 'done a3', a4: 'done a4' });
  expect(road.sent.filter((items) => items.length === 1 && items[0] === 'a2')).toHaveLength(5);
  expect(group.resubmitted).toBeGreaterThan(0);
});

test('a refusal of the whole transaction reaches the one item that earned it', async () => {
  const road = new Road();
  const seen = addAll(groupOn(road), ['a0', 'a1', 'a2', 'a3']);
  await road.arriveAll((items) => items.includes('a3') && new Failure('SESSION_FOREIGN'));
  expect(seen).toEqual({ a0: 'done a0', a1: 'done a1', a2: 'done a2', a3: 'SESSION_FOREIGN' });
});

test.each(['OUTCOME_UNKNOWN', 'LEDGER_UNAVAILABLE', 'BUSY'] as const)(
  '%s goes to every item of the transaction and none is sent again',
  async (code) => {
    const road = new Road();
    const seen = addAll(groupOn(road), ['a0', 'a1', 'a2']);
    await road.arrive(0);
    await road.arriveAll(() => new Failure(code));
    expect(seen).toEqual({ a0: 'done a0', a1: code, a2: code });
    expect(road.sent).toHaveLength(2);
  },
);

test('an error that is no failure of the ledger is not tried again, for the items may be committed', async () => {
  const road = new Road();
  const seen = addAll(groupOn(road), ['a0', 'a1', 'a2']);
  await road.arrive(0);
  await road.arriveAll(() => new TypeError('unreadable'));
  expect(seen).toEqual({ a0: 'done a0', a1: 'unreadable', a2: 'unreadable' });
  expect(road.sent).toHaveLength(2);
});

test('items whose key conflicted within the last ten seconds travel among their like, one transaction at a time', async () => {
  const road = new Road();
  let now = 0;
  const group = groupOn(road, { early: 2, inFlight: 2, keysOf: (item) => [item.slice(1)], now: () => now });
  addAll(group, ['ax']);
  await road.arrive(0, new Failure('LEDGER_CONFLICT'));
  await road.arrive(1);
  addAll(group, ['a1', 'a2', 'bx', 'cx', 'b3', 'b4']);
  await road.arrive(2);
  await road.arrive(3);
  await road.arriveAll();
  const alone = road.sent.filter((items) => items.includes('bx') || items.includes('cx'));
  expect(alone).toEqual([['bx', 'cx']]);

  now = 10_001;
  const before = road.sent.length;
  addAll(group, ['a1', 'a2', 'bx', 'cx']);
  await road.arriveAll();
  expect(road.sent.slice(before)).toEqual([['a1'], ['a2'], ['bx', 'cx']]);
});

test('a full queue refuses the next item at once and serves those it took', async () => {
  const road = new Road();
  const seen = addAll(groupOn(road, { queue: 2 }), ['a0', 'a1', 'a2', 'a3']);
  await road.arrive(0);
  expect(seen['a3']).toBe('BUSY');
  await road.arriveAll();
  expect(seen).toEqual({ a0: 'done a0', a1: 'done a1', a2: 'done a2', a3: 'BUSY' });
});

test('outcomes that do not fit the items are an error for each of them', async () => {
  const group = new Group<string, string>({
    send: async () => [],
    fairBy: () => '',
    keysOf: () => [],
  });
  await expect(group.add('a')).rejects.toThrow('0 outcomes came back for 1 items');
});

test('a group that gathers sends what came in one turn of the event loop together, and nothing earlier', async () => {
  const road = new Road();
  const group = groupOn(road, { gathers: true, inFlight: 2, most: 3 });
  addAll(group, ['a1', 'a2']);
  await Promise.resolve();
  addAll(group, ['b1']);
  expect(road.sent).toEqual([]);
  await turn();
  expect(road.sent).toEqual([['a1', 'b1', 'a2']]);
  addAll(group, ['a3', 'a4', 'a5', 'a6']);
  await turn();
  expect(road.sent[1]).toEqual(['a3', 'a4', 'a5']);
  await road.arriveAll();
  expect([group.inFlight, group.queued, group.transactions, group.items]).toEqual([0, 0, 3, 7]);
});

test('while what comes next is behind only full transactions leave, and the rest when it has caught up', async () => {
  const road = new Road();
  const tellers: (() => void)[] = [];
  const next = { isBehind: true, onCaughtUp: (tell: () => void) => void tellers.push(tell) };
  const group = groupOn(road, { next, inFlight: 2, most: 3 });
  addAll(group, ['a1', 'a2']);
  expect(road.sent).toEqual([]);
  addAll(group, ['a3', 'a4']);
  expect(road.sent).toEqual([['a1', 'a2', 'a3']]);
  next.isBehind = false;
  await road.arrive(0);
  expect(road.sent[1]).toEqual(['a4']);
  next.isBehind = true;
  await road.arrive(1);
  addAll(group, ['a5']);
  expect(road.sent).toHaveLength(2);
  next.isBehind = false;
  for (const tell of tellers) tell();
  expect(road.sent[2]).toEqual(['a5']);
  await road.arriveAll();
  expect([group.inFlight, group.queued, group.items]).toEqual([0, 0, 5]);
});
