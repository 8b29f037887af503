import { changesOf } from '@chartkey/rules';
import { Failure } from '@chartkey/vocabulary';
import { grant, never } from './facts.ts';
import { byGrant, readersFacts } from './readers-facts.ts';

describe('what would change', () => {
  test('if a grant were revoked: its way is lost, another stays', () => {
    const facts = readersFacts({ grants: [grant(), grant({ grant: 'h' })] });
    expect(changesOf(facts, 'g')).toEqual({ lost: [{ organisation: 'Lake', ...byGrant }], gained: [] });
  });

  test('if the last grant were revoked: the refusal is said', () => {
    const { lost, gained } = changesOf(readersFacts({ grants: [grant()] }), 'g');
    expect([lost, gained]).toEqual([
      [{ organisation: 'Lake', ...byGrant }],
      [{ organisation: 'Lake', code: 'NO_GRANT' }],
    ]);
  });

  test('what was passed on from it goes with it', () => {
    const passedTo = { organisation: 'Hill', grant: 'passed' };
    const passed = grant({ grant: 'passed', grantee: { organisation: 'Hill' }, from: 'g' });
    const relations = new Map([
      ['Lake', { grants: [grant({ passedTo })] }],
      ['Hill', { grants: [passed] }],
    ]);
    const { lost } = changesOf({ ...readersFacts(), relations }, 'g');
    expect(lost.map(({ organisation }) => organisation)).toEqual(['Lake', 'Hill']);
    expect(changesOf({ ...readersFacts(), relations }, 'passed').lost).toHaveLength(1);
  });

  test('if a denial were lifted: what it shut out comes back', () => {
    const facts = readersFacts({ grants: [grant()] }, { denials: [never({ what: { records: ['r1'] } })] });
    const { gained } = changesOf(facts, 'never');
    expect(gained).toContainEqual({ organisation: 'Lake', ...byGrant });
    expect(gained).toContainEqual({ organisation: 'Hill', code: 'NO_GRANT' });
  });

  test('of what does not stand nothing can be said', () => {
    expect(() => changesOf(readersFacts({ grants: [grant()] }), 'h')).toThrow(new Failure('GRANT_UNKNOWN'));
  });
});
