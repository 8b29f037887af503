import type { Denial } from '@chartkey/vocabulary';
import { type Case, factsOf, grant, minute, never, noonAnd, record, verdict, verdictOn } from '../facts.ts';

// "Never": a denial beats every grant, whenever either was made. Everything is granted to Lakeside; Mara, a
// physician in its cardiology, asks for r1, under the label psychiatry.
const everything = [grant()];
const denied = 'DENIED_BY_PATIENT never';

describe('a denial beats every grant', () => {
  test.each<[says: string, denial: Omit<Denial, 'denial'>, expected: string]>([
    ['never this organisation', { who: { organisation: 'Lake' } }, denied],
    ['never another organisation', { who: { organisation: 'Hill' } }, 'grant g'],
    ['never this department', { who: { organisation: 'Lake', department: 'cardiology' } }, denied],
    ['never another department', { who: { organisation: 'Lake', department: 'oncology' } }, 'grant g'],
    ['never this role', { who: { organisation: 'Lake', role: 'physician' } }, denied],
    ['never another role', { who: { organisation: 'Lake', role: 'registrar' } }, 'grant g'],
    ['never this practitioner', { who: { organisation: 'Lake', practitioner: 'mara' } }, denied],
    ['never another practitioner', { who: { organisation: 'Lake', practitioner: 'jon' } }, 'grant g'],
    ['never this device', { who: { organisation: 'Lake', device: 'device' } }, denied],
    ['never another device', { who: { organisation: 'Lake', device: 'other' } }, 'grant g'],
    ['nobody this label', { what: { labels: ['psychiatry'] } }, denied],
    ['nobody another label', { what: { labels: ['genetics'] } }, 'grant g'],
    ['nobody this record', { what: { records: ['r1'] } }, denied],
    ['nobody another record', { what: { records: ['r2'] } }, 'grant g'],
    ['nobody another record or this label', { what: { records: ['r2'], labels: ['psychiatry'] } }, denied],
    [
      'never this label to this organisation',
      { who: { organisation: 'Lake' }, what: { labels: ['psychiatry'] } },
      denied,
    ],
    [
      'never another label to this organisation',
      { who: { organisation: 'Lake' }, what: { labels: ['genetics'] } },
      'grant g',
    ],
    [
      'never this label to another organisation',
      { who: { organisation: 'Hill' }, what: { labels: ['psychiatry'] } },
      'grant g',
    ],
    [
      'never this record to this role',
      { who: { organisation: 'Lake', role: 'physician' }, what: { records: ['r1'] } },
      denied,
    ],
    ['never a person who acts for the patient', { who: { person: 'ann' } }, 'grant g'],
  ])('%s', (_says, words, expected) => {
    expect(verdict({ grants: everything, denials: [never(words)] })).toBe(expected);
  });

  test.each<[string, Case, string]>([
    [
      'two grants and a denial that disagree: the denial decides',
      {
        grants: [grant({ grant: 'broad' }), grant({ grant: 'this', scope: { records: ['r1'] } })],
        denials: [never({ what: { labels: ['psychiatry'] } })],
      },
      denied,
    ],
    [
      'it beats a grant to this very practitioner on this very device',
      {
        grants: [grant({ grantee: { organisation: 'Lake', practitioner: 'mara', device: 'device' } })],
        denials: [never({ who: { organisation: 'Lake' } })],
      },
      denied,
    ],
    [
      'it beats a grant to everybody treating',
      {
        treating: [grant({ grantee: { treating: true } })],
        treatedUntil: noonAnd(minute),
        denials: [never({ who: { organisation: 'Lake' } })],
      },
      denied,
    ],
    [
      'it beats what k of n approved',
      {
        relation: {
          grants: [],
          approved: [{ request: 'q', rule: 'r', record: 'r1', purpose: 'TREAT', until: noonAnd(minute) }],
        },
        denials: [never({ what: { records: ['r1'] } })],
      },
      denied,
    ],
    [
      'of two denials that fit, the one that stood first is named',
      {
        grants: everything,
        denials: [never({ what: { records: ['r1'] } }, 'first'), never({ who: { organisation: 'Lake' } })],
      },
      'DENIED_BY_PATIENT first',
    ],
    [
      'it is named even where nothing was granted',
      { denials: [never({ what: { records: ['r1'] } })] },
      denied,
    ],
    [
      'the custodian that treats is not shut out of its own record',
      { record: { ...record, custodian: 'Lake' }, denials: [never({ who: { organisation: 'Lake' } })] },
      'custodian',
    ],
    [
      'the custodian is shut out of its own record for anything else',
      {
        record: { ...record, custodian: 'Lake' },
        item: { kind: 'read', purpose: 'HRESCH' },
        grants: [grant({ purposes: ['HRESCH'] })],
        denials: [never({ who: { organisation: 'Lake' } })],
      },
      denied,
    ],
  ])('%s', (_says, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });

  test('one that names records does not shut a list, one of an organisation does', () => {
    const list = (denials: Denial[]) => {
      const facts = factsOf({ item: { kind: 'list', purpose: 'TREAT' }, grants: everything, denials });
      const { record: _none, ...asked } = facts;
      return verdictOn(asked);
    };
    expect(list([never({ what: { labels: ['psychiatry'] } })])).toBe('grant g');
    expect(list([never({ who: { organisation: 'Lake' } })])).toBe(denied);
  });
});
