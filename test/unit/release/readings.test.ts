import type { Reading } from '../../../gateway/src/release/index.ts';
import { Readings } from '../../../gateway/src/release/readings.ts';
import { Recent } from '../../../gateway/src/release/recent.ts';

const forgotten: string[] = [];
beforeEach(() => forgotten.splice(0));

const reading =
  (access: string, weight: number, until = 1000) =>
  async () =>
    ({ access, weight, until, forget: () => void forgotten.push(access) }) as unknown as Reading;

test('who asks for an access meanwhile shares its one release', async () => {
  const readings = new Readings(() => 0);
  let releases = 0;
  const release = () => {
    releases += 1;
    return reading('a', 1)();
  };
  const [one, two] = await Promise.all([readings.obtain('a', release), readings.obtain('a', release)]);
  expect(one).toBe(two);
  expect(releases).toBe(1);
  readings.close();
});

test('a release that failed is tried again', async () => {
  const readings = new Readings(() => 0);
  await expect(readings.obtain('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await readings.obtain('a', reading('a', 1))).access).toBe('a');
  readings.close();
});

test('the oldest keys are forgotten when there are too many or they weigh too much', async () => {
  const readings = new Readings(() => 0, { readings: 3, bytes: 100 });
  for (const access of ['a', 'b', 'c', 'd']) await readings.obtain(access, reading(access, 10));
  await Promise.resolve();
  expect(forgotten).toEqual(['a']);
  await readings.obtain('e', reading('e', 95));
  await Promise.resolve();
  expect(forgotten).toEqual(['a', 'b', 'c', 'd']);
  readings.close();
});

test('keys are forgotten when their session has ended, and all of them at the end', async () => {
  let now = 0;
  const readings = new Readings(() => now);
  await readings.obtain('a', reading('a', 1, 10));
  await readings.obtain('b', reading('b', 1, 1000));
  now = 11;
  await readings.sweep();
  await Promise.resolve();
  expect(forgotten).toEqual(['a']);
  readings.close();
  await Promise.resolve();
  expect(forgotten).toEqual(['a', 'b']);
});

test('what is used stays, what is longest unused goes', () => {
  const recent = new Recent<string, number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.get('a');
  recent.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([1, undefined, 3]);
});
