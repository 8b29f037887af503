import { Turnstile } from '../../../gateway/src/access/turnstile.ts';

/** Reads that stay inside until they are let out. */
function crowd(turnstile: Turnstile) {
  const inside: (() => void)[] = [];
  const enter = (who: string) =>
    turnstile.pass(
      who,
      () =>
        new Promise<string>((resolve) => {
          inside.push(() => resolve('read'));
        }),
    );
  return { inside, enter };
}

test('one read too many is refused at once, and the next one goes in when somebody has left', async () => {
  const { inside, enter } = crowd(new Turnstile(3));
  const reads = [enter('a'), enter('a'), enter('a')];
  await expect(enter('a')).rejects.toMatchObject({ code: 'BUSY' });
  inside[0]!();
  await expect(reads[0]).resolves.toBe('read');
  const next = enter('a');
  inside[3]!();
  await expect(next).resolves.toBe('read');
});

test('while one device fills it, others get in up to an even share', async () => {
  const { inside, enter } = crowd(new Turnstile(4));
  const greedy = Array.from({ length: 4 }, () => enter('greedy'));
  const modest = [enter('modest'), enter('modest')];
  expect(inside).toHaveLength(6);
  await expect(enter('modest')).rejects.toMatchObject({ code: 'BUSY' });
  await expect(enter('greedy')).rejects.toMatchObject({ code: 'BUSY' });
  for (const leave of inside) leave();
  await Promise.all([...greedy, ...modest]);
});

test('a read that fails leaves too', async () => {
  const turnstile = new Turnstile(1);
  const failing = () => turnstile.pass('a', () => Promise.reject(new Error('broken')));
  await expect(failing()).rejects.toThrow('broken');
  await expect(failing()).rejects.toThrow('broken');
});
