import {
  addGrant,
  covers,
  decidePersonsAccess,
  findCover,
  MOST_GRANTS,
  MOST_TREATING,
} from '@chartkey/rules';
import { type Delegate, thumbprint } from '@chartkey/vocabulary';
import { testKey } from '../../support/signing.ts';
import {
  type Case,
  device,
  factsOf,
  grant,
  minute,
  never,
  noon,
  noonAnd,
  record,
  standing,
  verdict,
  verdictOn,
} from './facts.ts';

const own = { ...record, custodian: 'Lake' };
const read = (purpose: 'TREAT' | 'HRESCH' | 'HPAYMT' | 'ETREAT') => ({ kind: 'read' as const, purpose });

describe('an access is decided by the first rule that fails', () => {
  test.each<[string, Case, string]>([
    ['a live grant opens it', { grants: [grant()] }, 'grant g'],
    ['the custodian’s own record for treatment needs no grant', { record: own }, 'custodian'],
    ['the custodian’s own record for research needs one', { record: own, item: read('HRESCH') }, 'NO_GRANT'],
    ['no grant at all', {}, 'NO_GRANT'],
    ['a session that has ended', { time: noon + 5 * minute + 1, grants: [grant()] }, 'SESSION_EXPIRED'],
    ['a session in its last millisecond', { time: noon + 5 * minute, grants: [grant()] }, 'grant g'],
    [
      'a revoked device, its session live',
      { device: { ...device, status: 'revoked' }, grants: [grant()] },
      'DEVICE_REVOKED',
    ],
    [
      'a device whose approval ended',
      { device: { ...device, validUntil: noonAnd(-1) }, grants: [grant()] },
      'DEVICE_EXPIRED',
    ],
    [
      'a device in the last millisecond of its approval',
      { device: { ...device, validUntil: noonAnd(0) }, grants: [grant()] },
      'grant g',
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
      { item: read('HPAYMT'), grants: [grant({ purposes: ['HPAYMT'] })] },
      'PURPOSE_NOT_ALLOWED',
    ],
    [
      'emergency treatment, whatever was granted',
      { item: read('ETREAT'), grants: [grant({ purposes: ['ETREAT'] })] },
      'BREAK_GLASS_REQUIRED',
    ],
    [
      'a device that reads end to end only, without its proof',
      { device: { ...device, perRequestProof: true }, grants: [grant()] },
      'PROOF_REQUIRED',
    ],
    [
      'a device that reads end to end only, with its proof',
      { device: { ...device, perRequestProof: true }, isProven: true, grants: [grant()] },
      'grant g',
    ],
  ])('%s', (_title, change, expected) => {
    expect(verdict(change)).toBe(expected);
  });

  test('a list is open to who holds a record of the patient, for treatment', () => {
    const list = (change: Case) => {
      const { record: _none, ...facts } = factsOf({ item: { kind: 'list', purpose: 'TREAT' }, ...change });
      return verdictOn(facts);
    };
    expect(list({ isCustodian: true })).toBe('custodian');
    expect(list({ isCustodian: false })).toBe('NO_GRANT');
    expect(list({ isCustodian: false, grants: [grant({ scope: { records: ['r9'] } })] })).toBe('grant g');
  });
});

describe('a person reads end to end', () => {
  const key = testKey();
  const keys = [{ sig: key.publicJwk, enc: testKey().publicJwk, statement: 'k', since: noonAnd(-1e6) }];
  const reader = standing({ patient: 'ann', keys });
  const session = { id: 'ann', until: noonAnd(minute), key: thumbprint(key.publicJwk) };
  const carer: Delegate = { delegation: 'd', person: 'ann', kind: 'carer', powers: ['read'], attested: [] };
  const decided = (change: Partial<Parameters<typeof decidePersonsAccess>[0]>) => {
    const item = { purpose: 'PATRQT' as const };
    const facts = { item, session, reader, standing: reader, record, time: noon, ...change };
    const decision = decidePersonsAccess(facts);
    return decision.is === 'granted' ? decision.basis : decision.code;
  };
  const of = (change: object) => ({ standing: standing({ delegates: [carer], ...change }) });
  test.each<[string, Parameters<typeof decided>[0], string]>([
    ['the patient its own', {}, 'patient'],
    ['after its session', { session: { ...session, until: noonAnd(-1) } }, 'SESSION_EXPIRED'],
    ['with a key it no longer has', { session: { ...session, key: 'another' } }, 'KEY_REVOKED'],
    [
      'the patient, frozen',
      { standing: { ...reader, frozen: { statement: 'f', by: 'k' } } },
      'PATIENT_FROZEN',
    ],
    [
      'in the 30 days after a recovery',
      { reader: { ...reader, probation: noonAnd(0) } },
      'RECOVERY_PROBATION',
    ],
    ['a millisecond after them', { reader: { ...reader, probation: noonAnd(-1) } }, 'patient'],
    [
      'for treatment, which is an organisation’s purpose',
      { item: { purpose: 'TREAT' } },
      'PURPOSE_NOT_ALLOWED',
    ],
    ['in an emergency’s name', { item: { purpose: 'ETREAT' } }, 'PURPOSE_NOT_ALLOWED'],
    ['a delegate who may read', of({}), 'delegate'],
    [
      'a delegate, what nobody is to read',
      of({ denials: [never({ what: { records: ['r1'] } })] }),
      'DENIED_BY_PATIENT',
    ],
    ['a stranger', of({ delegates: [] }), 'NOT_A_DELEGATE'],
    [
      'a delegate who may only see the log',
      of({ delegates: [{ ...carer, powers: ['log'] }] }),
      'NOT_A_DELEGATE',
    ],
    [
      'a guardian after the end date',
      of({ delegates: [{ ...carer, kind: 'guardian', notAfter: noonAnd(-1) }] }),
      'NOT_A_DELEGATE',
    ],
    ['a proxy that nobody attested', of({ delegates: [{ ...carer, kind: 'proxy' }] }), 'NOT_A_DELEGATE'],
    [
      'a proxy that two attested',
      of({ delegates: [{ ...carer, kind: 'proxy', attested: ['Lake a', 'Lake b'] }] }),
      'delegate',
    ],
    [
      'a guardian from whom an adolescent hid the record',
      of({ denials: [never({ who: { person: 'ann' }, what: { labels: ['psychiatry'] } })] }),
      'DENIED_BY_PATIENT',
    ],
    [
      'a guardian from whom an adolescent hid another record',
      of({ denials: [never({ who: { person: 'ann' }, what: { records: ['r2'] } })] }),
      'delegate',
    ],
  ])('%s', (_title, change, expected) => {
    expect(decided(change)).toBe(expected);
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
    time: noon,
  };
  expect(findCover([counted, free], ask)).toEqual({ grant: free });
  expect(covers(counted, { ...ask, organisation: 'River' })).toBe('NO_GRANT');
});

test.each([
  ['257th live grant to an organisation', { organisation: 'Lake' }, MOST_GRANTS],
  ['17th live grant to everybody treating', { treating: true as const }, MOST_TREATING],
])('the %s is refused, and ended ones make room', (_title, grantee, most) => {
  const one = grant({ grantee });
  const full = Array.from({ length: most }, (_, n) => ({ ...one, grant: `g${n}` }));
  expect(() => addGrant(full, one, noon)).toThrow('[GRANT_LIMIT]');
  const [first, ...others] = full;
  const withEnded = [{ ...first!, notAfter: noonAnd(-1) }, ...others];
  expect(addGrant(withEnded, { ...one, grant: 'new' }, noon)).toHaveLength(most);
  const withUsedUp = [{ ...first!, maxUses: 1, uses: 1 }, ...others];
  expect(addGrant(withUsedUp, { ...one, grant: 'new' }, noon)).toHaveLength(most);
});

test('ended grants make room where there are few, but long ones', () => {
  const records = Array.from({ length: 64 }, (_, n) => String(n).padStart(26, 'a'));
  const labels = Array.from({ length: 64 }, (_, n) => String(n).padStart(22, 'A'));
  const long = grant({ scope: { records, labels, except: { records, labels } } });
  const nine = Array.from({ length: 9 }, (_, n) => ({ ...long, grant: `g${n}` }));
  expect(() => addGrant(nine, long, noon)).toThrow('[GRANT_LIMIT]');
  const ended = nine.map((one) => ({ ...one, notAfter: noonAnd(-1) }));
  expect(addGrant(ended, long, noon)).toEqual([long]);
});

test('grants to everybody treating, which each access reads, are shorter in all', () => {
  const records = Array.from({ length: 64 }, (_, n) => String(n).padStart(26, 'a'));
  const long = grant({ grantee: { treating: true }, scope: { records, except: { records } } });
  const four = [1, 2, 3, 4].map((n) => ({ ...long, grant: `g${n}` }));
  expect(addGrant(four.slice(1), long, noon)).toHaveLength(4);
  expect(() => addGrant(four, long, noon)).toThrow('[GRANT_LIMIT]');
});
