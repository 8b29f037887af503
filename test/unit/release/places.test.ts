import * as fc from 'fast-check';
import { Places } from '../../../gateway/src/release/places.ts';

/** Work that is under way until it is let go; `begun` says in which order it began. */
function workers(places: Places) {
  const begun: string[] = [];
  const leave = new Map<string, (error?: Error) => void>();
  const take = (name: string, lane: string) =>
    places.take(lane, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        leave.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    });
  const go = async (name: string, error?: Error) => {
    leave.get(name)?.(error);
    leave.delete(name);
    await new Promise(setImmediate);
  };
  return { begun, leave, take, go };
}

test('work begins at once while there is a place, and the next when somebody has left', async () => {
  const { begun, take, go } = workers(new Places(2));
  const all = [take('a1', 'a'), take('a2', 'a'), take('a3', 'a')];
  expect(begun).toEqual(['a1', 'a2']);
  await go('a2');
  expect(begun).toEqual(['a1', 'a2', 'a3']);
  await go('a1');
  await go('a3');
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3']);
});

test('whoever asks little goes before the rest of a crowd', async () => {
  const { begun, take, go } = workers(new Places(1));
  for (const name of ['a1', 'a2', 'a3', 'a4']) void take(name, 'greedy');
  void take('b1', 'modest');
  await go('a1');
  await go('a2');
  expect(begun).toEqual(['a1', 'a2', 'b1']);
});

test('work that fails gives its place back', async () => {
  const { begun, take, go } = workers(new Places(1));
  const failing = take('a1', 'a');
  void take('a2', 'a');
  void go('a1', new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  expect(begun).toEqual(['a1', 'a2']);
});

test('it is behind while more waits than is under way, and says when it has caught up', async () => {
  const places = new Places(2);
  const { take, go } = workers(places);
  let told = 0;
  places.onCaughtUp(() => {
    told += 1;
  });
  for (const name of ['a1', 'a2', 'a3', 'a4']) void take(name, 'a');
  expect(places.isBehind).toBe(false);
  void take('a5', 'a');
  expect([places.isBehind, told]).toEqual([true, 0]);
  await go('a1');
  expect([places.isBehind, told]).toEqual([false, 1]);
  await go('a2');
  expect(told).toBe(1);
});

test('never more is under way than there are places, none stays empty while somebody waits, all is done', async () => {
  const step = fc.oneof(
    fc.record({ is: fc.constant('come' as const), lane: fc.nat(3) }),
    fc.record({ is: fc.constant('go' as const), which: fc.nat(9), fails: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, most) => {
        const { begun, leave, take, go } = workers(new Places(most));
        const ended: Promise<unknown>[] = [];
        let gone = 0;
        for (const [at, one] of steps.entries()) {
          const [name] = [...leave.keys()].slice(one.is === 'go' ? one.which % Math.max(1, leave.size) : 0);
          if (one.is === 'come') ended.push(take(`${at}`, `${one.lane}`).catch(() => undefined));
          else if (name !== undefined) {
            await go(name, one.fails ? new Error('broken') : undefined);
            gone += 1;
          }
          expect(leave.size).toBe(Math.min(most, ended.length - gone));
        }
        while (leave.size > 0) await go([...leave.keys()][0] ?? '');
        await Promise.all(ended);
        expect(begun).toHaveLength(ended.length);
      },
    ),
    { numRuns: 200 },
  );
});
