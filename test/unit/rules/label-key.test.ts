import { checkLabelKey } from '@chartkey/rules';
import type { StatementOf } from '@chartkey/vocabulary';
import { sealLabelKey } from '../../../client/src/label-key.ts';
import { testKey } from '../../support/signing.ts';
import { network } from '../vault/material.ts';

const patient = testKey().id;
const custodian = 'RiversideMSP';
type Grant = StatementOf<'grantConsent'>;
type Enrolment = StatementOf<'enrolPatient'>;
const sealed = (change: object = {}) =>
  sealLabelKey(new Uint8Array(32), testKey().publicJwk, { network, patient, custodian, ...change });
const envelope = { iss: patient, aud: network, iat: 0, exp: 1 };
const grant = (labelKey: string, change: Partial<Grant> = {}): Grant => ({
  ...{ ...envelope, act: 'grantConsent', seq: 2, scope: 'all', purposes: ['TREAT'], labelKey },
  ...{ grantee: { organisation: custodian }, actions: ['record'] },
  ...change,
});
const keys = { sig: testKey().publicJwk, enc: testKey().publicJwk };
const enrolment = (labelKey: string, change: Partial<Enrolment> = {}): Enrolment => ({
  ...{ ...envelope, act: 'enrolPatient', seq: 1, ...keys, recorder: custodian, labelKey },
  ...change,
});
const codeOf = (payload: Grant | Enrolment) => {
  try {
    checkLabelKey(payload);
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('a label key comes with the patient’s own word that somebody may record', async () => {
  const jwe = await sealed();
  expect(codeOf(grant(jwe))).toBe('taken');
  expect(codeOf(enrolment(jwe))).toBe('taken');
});

test('a label key comes neither without a recorder nor from a delegate', async () => {
  const jwe = await sealed();
  expect(codeOf(grant(jwe, { actions: ['read'] }))).toBe('INVALID_STATEMENT');
  expect(codeOf(grant(jwe, { grantee: { treating: true } }))).toBe('INVALID_STATEMENT');
  expect(codeOf(grant(jwe, { iss: testKey().id, patient }))).toBe('INVALID_STATEMENT');
  const { recorder: _, ...without } = enrolment(jwe);
  expect(codeOf(without)).toBe('INVALID_STATEMENT');
});

test('a label key for another recorder, patient or network is refused', async () => {
  const changes = [
    { custodian: 'LakesideMSP' },
    { patient: testKey().id },
    { network: `demo-${testKey().id}` },
  ];
  for (const change of changes) expect(codeOf(grant(await sealed(change)))).toBe('INVALID_STATEMENT');
});

test('nothing else travels in a label key: no member, no other form, no other length', async () => {
  const jwe = await sealed();
  const [head = '', ...parts] = jwe.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const withHead = (text: string) => [Buffer.from(text).toString('base64url'), ...parts].join('.');
  expect(codeOf(grant(withHead(JSON.stringify(header))))).toBe('taken');
  const spoilt = [
    withHead(JSON.stringify({ ...header, note: 'HIV' })),
    withHead(JSON.stringify(header, null, 1)),
    withHead(JSON.stringify({ network, ...header })),
    [head, ...parts.with(2, `${parts[2]}AAAA`)].join('.'),
    [head, ...parts.with(0, 'AAAA')].join('.'),
    [head, ...parts, 'AAAA'].join('.'),
  ];
  for (const one of spoilt) expect(codeOf(grant(one))).toBe('INVALID_STATEMENT');
});
