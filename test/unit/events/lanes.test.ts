import { Lanes } from '../../../gateway/src/events/lanes.ts';

test('an owner whose receivers are slow holds up its own calls and nobody else’s', async () => {
  const lanes = new Lanes(4, 2);
  let answer = () => {};
  const silent = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const begun: string[] = [];
  const call = (owner: string) =>
    lanes.take({ patient: owner }, async () => {
      begun.push(owner);
      await silent;
    });
  const slow = Array.from({ length: 20 }, () => call('slow'));
  const other = call('other');
  await new Promise((turn) => setImmediate(turn));
  expect(begun).toEqual(['slow', 'slow', 'other']);
  answer();
  await Promise.all([...slow, other]);
  expect(begun).toHaveLength(21);
});

test('of all owners together so many are called at once, in turn', async () => {
  const lanes = new Lanes(4, 2);
  let now = 0;
  let most = 0;
  const call = (owner: string) =>
    lanes.take({ organisation: owner }, async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((turn) => setImmediate(turn));
      now -= 1;
    });
  await Promise.all(Array.from({ length: 40 }, (_, at) => call(`owner ${at % 10}`)));
  expect([now, most]).toEqual([0, 4]);
});
