import type { Trust } from '@chartkey/rules';
import { checkIsNewest } from '../../../gateway/src/release/devices.ts';

const check = (known: string[], renewal: string | undefined) => () =>
  checkIsNewest({ restrictionsOf: () => known } as unknown as Trust, 'device', renewal);

test.each<[string, string[], string | undefined, boolean]>([
  ['an approval that was never renewed stands', [], undefined, true],
  ['the newest renewal stands', ['first', 'second'], 'second', true],
  ['one that our own blocks do not hold yet is newer', ['first'], 'second', true],
  ['an earlier renewal does not', ['first', 'second'], 'first', false],
  ['the approval alone does not, once it was renewed', ['first'], undefined, false],
])('%s', (_what, known, renewal, stands) => {
  if (stands) expect(check(known, renewal)).not.toThrow();
  else expect(check(known, renewal)).toThrow('later renewal');
});
