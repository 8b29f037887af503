import { type AccessFacts, addGrant, covers, decideAccess, findCover, MOST_GRANTS } from '@chartkey/rules';
import type { Device, Genesis, Grant, RecordState, Session } from '@chartkey/vocabulary';

const at = Date.parse('2026-06-01T12:00:00.000Z');
const instant = (minutes: number) => new Date(at + minutes * 60_000).toISOString();
const member = (id: string, kind: string) => ({ id, kind }) as Genesis['organisations'][number];
const genesis = {
  organisations: [
    member('Lake', 'hospital'),
    member('River', 'hospital'),
    member('Crown', 'regulator'),
    member('Cover', 'third-party'),
  ],
} as Genesis;
const session = {
  session: 's',
  subject: 'device',
  id: 'device',
  startedBy: 'Lake',
  practitioner: 'practitioner',
  role: 'physician',
  purposes: ['TREAT', 'HRESCH', 'ETREAT'],
  until: instant(5),
} as Session;
const device = { device: 'device', organisation: 'Lake', status: 'approved' } as Device;
const record = { record: 'r1', patient: 'p', custodian: 'River', newest: 1 } as RecordState;
const grant = (change: Partial<Grant> = {}): Grant => ({
  grant: 'g',
  grantee: { organisation: 'Lake' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
  uses: 0,
  ...change,
});
const facts = (change: Partial<AccessFacts> = {}): AccessFacts => ({
  item: { kind: 'read', purpose: 'TREAT' },
  session,
  device,
  genesis,
  record,
  grants: [],
  time: at,
  ...change,
});
const own = { ...record, custodian: 'Lake' };

describe('an access is decided by the first rule that fails', () => {
  test.each<[string, Partial<AccessFacts>, string]>([
    ['a live grant opens it', { grants: [grant()] }, 'grant'],
    ['the custodian’s own record for treatment needs no grant', { record: own }, 'custodian'],
    [
      'the custodian’s own record for research needs one',
      { record: own, item: { kind: 'read', purpose: 'HRESCH' } },
      'NO_GRANT',
    ],
    ['no grant at all', {}, 'NO_GRANT'],
    ['a session that has ended', { time: at + 5 * 60_000 + 1, grants: [grant()] }, 'SESSION_EXPIRED'],
    ['a session in its last millisecond', { time: at + 5 * 60_000, grants: [grant()] }, 'grant'],
    [
      'a revoked device, its session live',
      { device: { ...device, status: 'revoked' }, grants: [grant()] },
      'DEVICE_REVOKED',
    ],
    [
      'a device whose approval ended',
      { device: { ...device, validUntil: instant(-1) }, grants: [grant()] },
      'DEVICE_EXPIRED',
    ],
    [
      'a device of nobody’s organisation',
      { device: { ...device, organisation: 'Gone' } },
      'ORGANISATION_UNKNOWN',
    ],
    ['a record of nobody’s custody', { record: { ...record, custodian: 'Gone' } }, 'ORGANISATION_UNKNOWN'],
    [
      'a regulator, even with a grant',
      {
        device: { ...device, organisation: 'Crown' },
        grants: [grant({ grantee: { organisation: 'Crown' } })],
      },
      'KIND_NOT_ALLOWED',
    ],
    [
      'a third party, even with a grant',
      {
        device: { ...device, organisation: 'Cover' },
        grants: [grant({ grantee: { organisation: 'Cover' } })],
      },
      'KIND_NOT_ALLOWED',
    ],
    [
      'a purpose the session does not have',
      { item: { kind: 'read', purpose: 'HPAYMT' }, grants: [grant({ purposes: ['HPAYMT'] })] },
      'PURPOSE_NOT_ALLOWED',
    ],
    [
      'emergency treatment',
      { item: { kind: 'read', purpose: 'ETREAT' }, grants: [grant({ purposes: ['ETREAT'] })] },
      'BREAK_GLASS_REQUIRED',
    ],
    [
      'a grant for another purpose',
      { item: { kind: 'read', purpose: 'HRESCH' }, grants: [grant()] },
      'PURPOSE_NOT_GRANTED',
    ],
    ['a grant to record only', { grants: [grant({ actions: ['record'] })] }, 'ACTION_NOT_GRANTED'],
    ['a grant for another record', { grants: [grant({ scope: { records: ['r2'] } })] }, 'NO_GRANT'],
    ['a grant for this record', { grants: [grant({ scope: { records: ['r2', 'r1'] } })] }, 'grant'],
    [
      'a grant for another device',
      { grants: [grant({ grantee: { organisation: 'Lake', device: 'other' } })] },
      'NO_GRANT',
    ],
    [
      'a grant for another practitioner',
      { grants: [grant({ grantee: { organisation: 'Lake', practitioner: 'other' } })] },
      'NO_GRANT',
    ],
    [
      'a grant for this very practitioner',
      { grants: [grant({ grantee: { organisation: 'Lake', practitioner: 'practitioner' } })] },
      'grant',
    ],
    ['a grant that has not begun', { grants: [grant({ notBefore: instant(1) })] }, 'GRANT_NOT_YET_VALID'],
    ['a grant in its first millisecond', { grants: [grant({ notBefore: instant(0) })] }, 'grant'],
    ['a grant in its last millisecond', { grants: [grant({ notAfter: instant(0) })] }, 'grant'],
    ['a grant that has ended', { grants: [grant({ notAfter: instant(-1) })] }, 'GRANT_EXPIRED'],
    ['a used-up grant', { grants: [grant({ maxUses: 2, uses: 2 })] }, 'USES_EXHAUSTED'],
    ['the last use', { grants: [grant({ maxUses: 2, uses: 1 })] }, 'grant'],
    [
      'the nearest miss is named',
      {
        grants: [
          grant({ scope: { records: ['r2'] } }),
          grant({ notAfter: instant(-1) }),
          grant({ actions: ['record'] }),
        ],
      },
      'GRANT_EXPIRED',
    ],
  ])('%s', (_title, change, expected) => {
    const decision = decideAccess(facts(change));
    expect(decision.is === 'granted' ? decision.basis : decision.code).toBe(expected);
  });

  test('a list is open to who holds a record of the patient, for treatment', () => {
    const { record: _none, ...list } = facts({ item: { kind: 'list', purpose: 'TREAT' }, isCustodian: true });
    expect(decideAccess(list)).toEqual({ is: 'granted', basis: 'custodian' });
    expect(decideAccess({ ...list, isCustodian: false })).toEqual({ is: 'denied', code: 'NO_GRANT' });
    expect(
      decideAccess({ ...list, isCustodian: false, grants: [grant({ scope: { records: ['r9'] } })] }).is,
    ).toBe('granted');
  });
});

test('a grant without a limit is used before one with', () => {
  const counted = grant({ grant: 'counted', maxUses: 1 });
  const free = grant({ grant: 'free' });
  const ask = {
    organisation: 'Lake',
    device: 'd',
    practitioner: 'p',
    action: 'read' as const,
    purposes: ['TREAT' as const],
    time: at,
  };
  expect(findCover([counted, free], ask)).toEqual({ grant: free });
  expect(covers(counted, { ...ask, organisation: 'River' })).toBe('NO_GRANT');
});

test('the 257th live grant is refused, and ended ones make room', () => {
  const full = Array.from({ length: MOST_GRANTS }, (_, n) => grant({ grant: `g${n}` }));
  expect(() => addGrant(full, grant(), at)).toThrow('[GRANT_LIMIT]');
  const [first, ...others] = full;
  const withEnded = [{ ...first!, notAfter: instant(-1) }, ...others];
  expect(addGrant(withEnded, grant({ grant: 'new' }), at)).toHaveLength(MOST_GRANTS);
});
