import { basisOf, type Confirmed, fingerprintOf, rulesToAsk, verifyApprovals } from '@chartkey/rules';
import {
  type Approved,
  type Approver,
  type Genesis,
  instantAt,
  type Patient,
  type Rule,
} from '@chartkey/vocabulary';
import { at, codeOf, MINUTE, rule, subject } from './approval-facts.ts';

const patient: Approver = { person: 'patient' };
const guardian: Approver = { person: 'guardian' };
const lake: Approver = { organisation: 'Lake' };
const stranger: Approver = { person: 'stranger' };

const standing = (change: Partial<Patient> = {}) =>
  ({
    patient: 'patient',
    rules: [rule],
    denials: [],
    treating: [],
    locks: [],
    ...change,
  }) as unknown as Patient;
const approved = (change: Partial<Approved> = {}): Approved => ({
  request: 'request',
  rule: 'rule',
  record: 'r1',
  purpose: 'TREAT',
  until: instantAt(at),
  ...change,
});
const grant = {
  grant: 'g',
  grantee: { organisation: 'Lake' },
  scope: 'all' as const,
  actions: ['read' as const],
  purposes: ['TREAT' as const],
  uses: 0,
};
const other: Rule = { ...rule, rule: 'other', on: { labels: ['mental'] } };

describe('a record under a rule', () => {
  test.each<[string, { rules?: Rule[]; approved?: Approved[]; denials?: Patient['denials'] }, string]>([
    ['is not read on a grant alone', {}, 'APPROVAL_REQUIRED rule'],
    ['is read once approved', { approved: [approved()] }, 'approval request'],
    [
      'is not read after the approval ended',
      { approved: [approved({ until: instantAt(at - 1) })] },
      'APPROVAL_REQUIRED rule',
    ],
    [
      'is not read for another purpose',
      { approved: [approved({ purpose: 'HRESCH' })] },
      'APPROVAL_REQUIRED rule',
    ],
    [
      'is not read on another record’s approval',
      { approved: [approved({ record: 'r2' })] },
      'APPROVAL_REQUIRED rule',
    ],
    [
      'is not read on a former rule’s approval',
      { approved: [approved({ rule: 'lifted' })] },
      'APPROVAL_REQUIRED rule',
    ],
    [
      'takes the rule of its label too',
      { rules: [rule, other], approved: [approved()] },
      'APPROVAL_REQUIRED other',
    ],
    [
      'is read when both rules are satisfied',
      { rules: [rule, other], approved: [approved({ rule: 'other', request: 'second' }), approved()] },
      'approval second',
    ],
    [
      'is not under a rule of another label',
      { rules: [{ ...other, on: { labels: ['hiv'] } }] },
      'grant undefined',
    ],
    [
      'is never read against a denial, whoever approved',
      { approved: [approved()], denials: [{ denial: 'd', who: { organisation: 'Lake' } }] },
      'DENIED_BY_PATIENT d',
    ],
  ])('%s', (_title, { rules = [rule], denials = [], ...relation }, expected) => {
    const ask = {
      organisation: 'Lake',
      device: 'device',
      practitioner: 'practitioner',
      action: 'read' as const,
      record: { record: 'r1', labels: ['mental'], madeAt: instantAt(at) },
      purposes: ['TREAT' as const],
      time: at,
    };
    const facts = { standing: standing({ rules, denials }), relation: { grants: [grant], ...relation } };
    const decision = basisOf(ask, facts);
    expect(`${decision.is === 'granted' ? decision.basis : decision.code} ${decision.ground}`).toBe(expected);
  });
});

describe('approvals are asked for', () => {
  const kind = (id: string, what: string) => ({ id, kind: what }) as Genesis['organisations'][number];
  const facts = {
    item: { kind: 'read' as const, purpose: 'TREAT' as const },
    session: { until: instantAt(at), purposes: ['TREAT' as const, 'ETREAT' as const] },
    device: { organisation: 'Lake', device: 'device', status: 'approved' } as never,
    genesis: {
      organisations: [kind('Lake', 'hospital'), kind('River', 'hospital'), kind('Cover', 'third-party')],
    } as unknown as Genesis,
    record: { record: 'r1', custodian: 'River', labels: ['mental'], madeAt: instantAt(at) },
    standing: standing(),
    time: at,
  };
  const at1 = (change: object) => () => rulesToAsk({ ...facts, ...change }).map((one) => one.rule);
  test.each<[string, object, unknown]>([
    ['under the rule that names the record', {}, ['rule']],
    ['under every rule that does', { standing: standing({ rules: [rule, other] }) }, ['rule', 'other']],
    ['not where no rule names it', { standing: standing({ rules: [] }) }, 'RULE_MISSING'],
    [
      'not where everybody treating may read anyway',
      { standing: standing({ rules: [], treating: [grant] }) },
      'RULE_MISSING',
    ],
    ['not by a custodian that treats', { record: { ...facts.record, custodian: 'Lake' } }, 'RULE_MISSING'],
    [
      'not by a third party',
      { device: { ...(facts.device as object), organisation: 'Cover' } },
      'KIND_NOT_ALLOWED',
    ],
    [
      'not for a purpose the session lacks',
      { item: { kind: 'read', purpose: 'HRESCH' } },
      'PURPOSE_NOT_ALLOWED',
    ],
    ['not for an emergency', { item: { kind: 'read', purpose: 'ETREAT' } }, 'PURPOSE_NOT_ALLOWED'],
    ['not after the session', { time: at + 1 }, 'SESSION_EXPIRED'],
    [
      'not of a frozen patient',
      { standing: standing({ frozen: { statement: 'f', by: 'k' } }) },
      'PATIENT_FROZEN',
    ],
    [
      'not by whom the patient shuts out',
      { standing: standing({ denials: [{ denial: 'd', who: { organisation: 'Lake' } }] }) },
      'DENIED_BY_PATIENT',
    ],
    [
      'also by a device that reads end to end only: it proves itself when it reads',
      { device: { ...(facts.device as object), perRequestProof: true } },
      ['rule'],
    ],
  ])('%s', (_title, change, expected) => {
    expect(codeOf(at1(change))).toEqual(expected);
  });
});

describe('a custodian proves from approvals alone', () => {
  const request = fingerprintOf(subject);
  const signed = (by: Approver, minutes: number, change: Partial<Confirmed> = {}): Confirmed => ({
    statement: `by ${JSON.stringify(by)}`,
    by,
    request,
    at: at + minutes * MINUTE,
    ...change,
  });
  const prove = (confirmed: Confirmed[], change: Partial<Rule> = {}, of: object = {}) =>
    codeOf(() => verifyApprovals({ request, subject, ...of }, { ...rule, ...change }, confirmed));

  test('that two of three signed, and until when that is good', () => {
    const { need: _need, ...ends } = { ...rule, until: instantAt(at + 170 * MINUTE) };
    expect(prove([signed(lake, 10), signed(patient, 50)])).toEqual({
      request,
      rule: ends.rule,
      record: 'r1',
      purpose: 'TREAT',
      until: ends.until,
    });
  });

  test.each<[string, Confirmed[], Partial<Rule>?, object?]>([
    ['one signature', [signed(lake, 1)]],
    ['two of one principal', [signed(lake, 1), signed(lake, 2, { statement: 'another' })]],
    ['one of somebody else', [signed(lake, 1), signed(stranger, 2)]],
    ['one of another request', [signed(lake, 1), signed(patient, 2, { request: 'another' })]],
    ['one after the end', [signed(lake, 1), signed(patient, 60.001)]],
    ['another rule', [signed(lake, 1), signed(patient, 2)], { rule: 'another' }],
    ['a rule that asks for more', [signed(lake, 1), signed(patient, 2)], { need: 3 }],
    ['a rule that asks others', [signed(lake, 1), signed(patient, 2)], { of: [lake, guardian] }],
    [
      'another subject under the fingerprint',
      [signed(lake, 1), signed(patient, 2)],
      {},
      { subject: { ...subject, record: 'r2' } },
    ],
    [
      'a later opening than the one that was signed',
      [signed(lake, 1), signed(patient, 2)],
      {},
      { subject: { ...subject, openedAt: instantAt(at + MINUTE) } },
    ],
    [
      'a request for something else',
      [signed(lake, 1), signed(patient, 2)],
      {},
      { subject: { kind: 'recovery', patient: 'patient', recovery: 'rule' } },
    ],
  ])('and not with %s', (_title, confirmed, change = {}, of = {}) => {
    expect(prove(confirmed, change, of)).toBe('APPROVALS_MISSING');
  });
});
