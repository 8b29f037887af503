import type { Scope } from '@chartkey/vocabulary';
import { grant, minute, noonAnd, record, verdict } from '../facts.ts';

// Which records a grant opens: all, named ones, those under a label, those made from a time, and exceptions.
// The record asked for is r1, under the label psychiatry, made at eleven.
const eleven = -60 * minute;

describe('a grant opens the records that the patient named', () => {
  test.each<[says: string, scope: Scope, expected: string]>([
    ['all', 'all', 'grant g'],
    ['this record', { records: ['r1'] }, 'grant g'],
    ['this record among others', { records: ['r2', 'r1'] }, 'grant g'],
    ['another record', { records: ['r2'] }, 'NO_GRANT'],
    ['its label', { labels: ['psychiatry'] }, 'grant g'],
    ['another label', { labels: ['genetics'] }, 'NO_GRANT'],
    ['its label among others', { labels: ['genetics', 'psychiatry'] }, 'grant g'],
    ['another record or its label', { records: ['r2'], labels: ['psychiatry'] }, 'grant g'],
    ['this record or another label', { records: ['r1'], labels: ['genetics'] }, 'grant g'],
    ['another record or another label', { records: ['r2'], labels: ['genetics'] }, 'NO_GRANT'],
    ['made from before it was made', { madeFrom: noonAnd(eleven - 1) }, 'grant g'],
    ['made from the millisecond it was made', { madeFrom: noonAnd(eleven) }, 'grant g'],
    ['made from after it was made', { madeFrom: noonAnd(eleven + 1) }, 'NO_GRANT'],
    ['this record, were it newer', { records: ['r1'], madeFrom: noonAnd(eleven + 1) }, 'NO_GRANT'],
    ['its label, and old enough', { labels: ['psychiatry'], madeFrom: noonAnd(eleven) }, 'grant g'],
    ['all but this record', { except: { records: ['r1'] } }, 'NO_GRANT'],
    ['all but another record', { except: { records: ['r2'] } }, 'grant g'],
    ['all but its label', { except: { labels: ['psychiatry'] } }, 'NO_GRANT'],
    ['all but another label', { except: { labels: ['genetics'] } }, 'grant g'],
    [
      'all but another record and its label',
      { except: { records: ['r2'], labels: ['psychiatry'] } },
      'NO_GRANT',
    ],
    ['its label but this record', { labels: ['psychiatry'], except: { records: ['r1'] } }, 'NO_GRANT'],
    ['this record but its label', { records: ['r1'], except: { labels: ['psychiatry'] } }, 'NO_GRANT'],
    [
      'made from then, all but another label',
      { madeFrom: noonAnd(eleven), except: { labels: ['genetics'] } },
      'grant g',
    ],
  ])('%s', (_says, scope, expected) => {
    expect(verdict({ grants: [grant({ scope })] })).toBe(expected);
  });

  test('a record without labels is under none, and is no exception by label', () => {
    const bare = { ...record, labels: [] };
    expect(verdict({ record: bare, grants: [grant({ scope: { labels: ['psychiatry'] } })] })).toBe(
      'NO_GRANT',
    );
    const butLabel = grant({ scope: { except: { labels: ['psychiatry'] } } });
    expect(verdict({ record: bare, grants: [butLabel] })).toBe('grant g');
  });

  test('of several labels of a record, one that is named is enough, and one that is excepted too', () => {
    const both = { ...record, labels: ['psychiatry', 'genetics'] };
    expect(verdict({ record: both, grants: [grant({ scope: { labels: ['genetics'] } })] })).toBe('grant g');
    const butOne = grant({ scope: { labels: ['psychiatry'], except: { labels: ['genetics'] } } });
    expect(verdict({ record: both, grants: [butOne] })).toBe('NO_GRANT');
  });
});
