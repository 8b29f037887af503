import type { LiveOpening, Patient, Rule } from '@chartkey/vocabulary';
import {
  type Case,
  device,
  grant,
  minute,
  never,
  noonAnd,
  record,
  session,
  standing,
  verdict,
} from '../facts.ts';

// What stands before what: session, device, organisations, freeze, kind, purpose; then, in an emergency, a broken
// glass; else the custodian that treats, a denial, a rule, a grant.
const own = { ...record, custodian: 'Lake' };
const emergency = { kind: 'read' as const, purpose: 'ETREAT' as const };
const frozen = { statement: 'freeze', by: 'key' };
const everything = [grant(), grant({ grant: 'e', purposes: ['ETREAT'] })];
const rule = (change: Partial<Rule> = {}): Rule => ({
  rule: 'rule',
  on: { records: ['r1'] },
  of: [{ organisation: 'Lake' }, { person: 'ann' }],
  need: 2,
  within: 60,
  lasting: 60,
  ...change,
});
const approved = (change: object = {}) => ({
  ...{ request: 'request', rule: 'rule', record: 'r1', purpose: 'TREAT' as const, until: noonAnd(0) },
  ...change,
});
const opening = (change: Partial<LiveOpening> = {}): LiveOpening =>
  ({ opening: 'glass', practitioner: 'mara', device: 'device', until: noonAnd(0), ...change }) as LiveOpening;
const about = (change: Partial<Patient>) => ({ standing: standing(change) });

describe('the custodian that treats needs nothing of the patient', () => {
  test.each<[string, Case, string]>([
    ['its own record for treatment', { record: own }, 'custodian'],
    ['while the patient is frozen', { record: own, ...about({ frozen }) }, 'custodian'],
    [
      'where the patient denied it',
      { record: own, denials: [never({ who: { organisation: 'Lake' } })] },
      'custodian',
    ],
    ['where a rule asks for approvals', { record: own, ...about({ rules: [rule()] }) }, 'custodian'],
    [
      'where it is locked for emergencies',
      { record: own, ...about({ locks: [{ lock: 'l', what: 'all' }] }) },
      'custodian',
    ],
    ['not for research', { record: own, item: { kind: 'read', purpose: 'HRESCH' } }, 'NO_GRANT'],
    ['not in an emergency’s name', { record: own, item: emergency }, 'BREAK_GLASS_REQUIRED'],
    [
      'not in a session without that purpose',
      { record: own, session: { ...session, purposes: ['HRESCH'] } },
      'PURPOSE_NOT_ALLOWED',
    ],
    ['not by a revoked device', { record: own, device: { ...device, status: 'revoked' } }, 'DEVICE_REVOKED'],
    ['not when it is another’s record', {}, 'NO_GRANT'],
  ])('%s', (_title, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });
});

describe('a freeze stops all but break-glass and the custodian’s own treatment', () => {
  test.each<[string, Case, string]>([
    ['a grant', { grants: everything, ...about({ frozen }) }, 'PATIENT_FROZEN freeze'],
    [
      'what k of n approved',
      { relation: { grants: [], approved: [approved()] }, ...about({ frozen, rules: [rule()] }) },
      'PATIENT_FROZEN freeze',
    ],
    [
      'before a denial is looked at',
      { ...about({ frozen, denials: [never({ who: { organisation: 'Lake' } })] }) },
      'PATIENT_FROZEN freeze',
    ],
    [
      'the custodian’s own research',
      { record: own, item: { kind: 'read', purpose: 'HRESCH' }, ...about({ frozen }) },
      'PATIENT_FROZEN freeze',
    ],
    [
      'before the kind is looked at',
      { device: { ...device, organisation: 'Crown' }, ...about({ frozen }) },
      'PATIENT_FROZEN freeze',
    ],
    [
      'not before the device is',
      { device: { ...device, status: 'revoked' }, ...about({ frozen }) },
      'DEVICE_REVOKED',
    ],
    [
      'but not a broken glass',
      { item: emergency, openings: [opening()], ...about({ frozen }) },
      'break-glass glass',
    ],
  ])('%s', (_title, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });
});

describe('a rule beats every grant', () => {
  const needs = 'APPROVAL_REQUIRED rule';
  const ask = (rules: Rule[], approvals: ReturnType<typeof approved>[], change: Case = {}) =>
    verdict({ relation: { grants: everything, approved: approvals }, ...about({ rules }), ...change });
  test.each<[string, string, string]>([
    ['on this record: a grant alone is not enough', ask([rule()], []), needs],
    ['on its label: a grant alone is not enough', ask([rule({ on: { labels: ['psychiatry'] } })], []), needs],
    ['on another record: the grant is enough', ask([rule({ on: { records: ['r2'] } })], []), 'grant g'],
    ['on another label: the grant is enough', ask([rule({ on: { labels: ['genetics'] } })], []), 'grant g'],
    ['approved, in its last millisecond', ask([rule()], [approved()]), 'approval request'],
    ['approved, and over', ask([rule()], [approved({ until: noonAnd(-1) })]), needs],
    ['approved for another record', ask([rule()], [approved({ record: 'r2' })]), needs],
    ['approved for another purpose', ask([rule()], [approved({ purpose: 'HRESCH' })]), needs],
    ['approved under another rule', ask([rule()], [approved({ rule: 'lifted' })]), needs],
    [
      'approved without any grant',
      ask([rule()], [approved()], { relation: { grants: [], approved: [approved()] } }),
      'approval request',
    ],
    ['two rules, one satisfied', ask([rule(), rule({ rule: 'two' })], [approved()]), 'APPROVAL_REQUIRED two'],
    [
      'two rules, both satisfied',
      ask([rule(), rule({ rule: 'two' })], [approved(), approved({ rule: 'two', request: 'other' })]),
      'approval other',
    ],
    ['approved once, the rule lifted since: grants count again', ask([], [approved()]), 'grant g'],
    [
      'denied as well: the denial decides',
      ask([], [], about({ rules: [rule()], denials: [never({ what: { records: ['r1'] } })] })),
      'DENIED_BY_PATIENT never',
    ],
    [
      'in an emergency it is not asked',
      ask([rule()], [], { item: emergency, openings: [opening()] }),
      'break-glass glass',
    ],
  ])('%s', (_title, decided, expected) => {
    expect(decided).toBe(expected);
  });
});

test('a declared treatment is over a millisecond after its end, whatever else stands', () => {
  const treating = [grant({ grantee: { treating: true } })];
  expect(verdict({ treating, treatedUntil: noonAnd(minute) })).toBe('grant g');
  expect(verdict({ treating, treatedUntil: noonAnd(-1) })).toBe('TREATMENT_REQUIRED');
});
