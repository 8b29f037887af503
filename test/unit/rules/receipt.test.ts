import { type ApprovedDevice, judgeReceipt, verifyReceipt } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { canonicalJson, Failure, type Receipt } from '@chartkey/vocabulary';
import { signJson, signTexts, type TestKey, testKey } from '../../support/signing.ts';

const network = `demo-${'A'.repeat(43)}`;
const key = testKey();
const device: ApprovedDevice = {
  device: key.id,
  organisation: 'RiversideMSP',
  sig: key.publicJwk,
  enc: testKey().publicJwk,
  use: 'gateway',
};
const said: Receipt = {
  network,
  organisation: 'RiversideMSP',
  statement: 'S'.repeat(42).concat('A'),
  act: 'revokeConsent',
  transaction: 'a'.repeat(64),
  block: 7,
  committedAt: '2026-01-01T00:00:00.000Z',
  iat: 1_767_225_601,
};
const { iat: _, ...expected } = said;
const header = (by: TestKey = key, alg = 'ES256') => ({ alg, kid: by.id, typ: 'chartkey-receipt+jwt' });
const receipt = (payload: object = said, by = key) => signJson(header(by), payload, by);
const codeOf = (work: () => unknown) => {
  try {
    work();
    return 'verified';
  } catch (error) {
    return error instanceof Failure ? error.code : `crashed: ${error}`;
  }
};
const verdict = (text: string, by: ApprovedDevice = device, wanted: typeof expected = expected) =>
  codeOf(() => verifyReceipt(text, wanted, by, checks));

test('a receipt by the organisation’s gateway over the outcome is what it says', () => {
  expect(verifyReceipt(receipt(), expected, device, checks)).toEqual(said);
});

test.each(['P-384', 'RSA'] as const)('a gateway device with a %s key gives receipts too', (kind) => {
  const other = testKey(kind);
  const alg = kind === 'RSA' ? 'RS384' : 'ES384';
  const text = signJson(header(other, alg), said, other);
  const by = { ...device, device: other.id, sig: other.publicJwk };
  expect(verdict(text, by)).toBe('verified');
  expect(verdict(signJson(header(other), said, other), by)).toBe('SIGNATURE_INVALID');
});

test.each<[string, Partial<Receipt>, string]>([
  ['network', { network: `demo-${'B'.repeat(42)}A` }, 'WRONG_NETWORK'],
  ['organisation', { organisation: 'LakesideMSP' }, 'RECEIPT_INVALID'],
  ['statement', { statement: 'T'.repeat(42).concat('A') }, 'RECEIPT_INVALID'],
  ['verb', { act: 'grantConsent' }, 'RECEIPT_INVALID'],
  ['transaction', { transaction: 'b'.repeat(64) }, 'RECEIPT_INVALID'],
  ['block', { block: 8 }, 'RECEIPT_INVALID'],
  ['time', { committedAt: '2026-01-01T00:00:00.001Z' }, 'RECEIPT_INVALID'],
])('a receipt of another %s is refused', (_what, other, code) => {
  expect(verdict(receipt({ ...said, ...other }))).toBe(code);
});

const text = canonicalJson(said);
test.each<[string, string]>([
  ['no JWS', 'hello'],
  ['two parts', receipt().split('.').slice(0, 2).join('.')],
  ['a statement’s typ', signJson({ ...header(), typ: 'chartkey-statement+jwt' }, said, key)],
  ['alg none', signJson({ ...header(), alg: 'none' }, said, key)],
  ['a header member more', signJson({ ...header(), jwk: key.publicJwk }, said, key)],
  ['a header without kid', signJson({ alg: 'ES256', typ: 'chartkey-receipt+jwt' }, said, key)],
  ['a payload member more', receipt({ ...said, note: 'x' })],
  ['a payload without iat', receipt(expected)],
  ['a block below zero', receipt({ ...said, block: -1 })],
  ['a block as text', receipt({ ...said, block: '7' })],
  ['a transaction that is none', receipt({ ...said, transaction: 'yesterday' })],
  ['a time that is none', receipt({ ...said, committedAt: '2026-02-30T00:00:00.000Z' })],
  ['free text as its verb', receipt({ ...said, act: 'revoke it all' })],
  ['white space', signTexts(canonicalJson(header()), text.replace(',', ', '), key)],
  [
    'a member twice',
    signTexts(canonicalJson(header()), text.replace('"block":7', '"block":7,"block":7'), key),
  ],
  ['more than 4 KiB', receipt({ ...said, act: 'a'.repeat(5000) })],
])('%s is no receipt', (_what, wrong) => {
  expect(verdict(wrong)).toBe('RECEIPT_INVALID');
});

test.each<[string, () => string, Partial<ApprovedDevice>, string]>([
  ['by a foreign key', () => receipt(said, testKey()), {}, 'SIGNATURE_INVALID'],
  [
    'by a foreign key in the device’s name',
    () => signJson(header(), said, testKey()),
    {},
    'SIGNATURE_INVALID',
  ],
  [
    'with another receipt’s signature',
    () => [...receipt().split('.').slice(0, 2), receipt({ ...said, block: 8 }).split('.')[2]].join('.'),
    {},
    'SIGNATURE_INVALID',
  ],
  ['by a workstation', receipt, { use: 'workstation' }, 'RECEIPT_INVALID'],
  ['by an EHR', receipt, { use: 'ehr' }, 'RECEIPT_INVALID'],
  ['by another organisation’s gateway', receipt, { organisation: 'LakesideMSP' }, 'RECEIPT_INVALID'],
  ['made after the device’s end', receipt, { validUntil: said.iat * 1000 - 1 }, 'DEVICE_EXPIRED'],
  ['made at the device’s last instant', receipt, { validUntil: said.iat * 1000 }, 'verified'],
])('a receipt %s: its device decides', (_what, make, by, code) => {
  expect(verdict(make(), { ...device, ...by })).toBe(code);
});

const there = { ...said, organisation: 'LakesideMSP', iat: said.iat + 9 };
test.each<[string, Parameters<typeof judgeReceipt>[1], ReturnType<typeof judgeReceipt>]>([
  ['another organisation’s receipt of the same', there, 'confirmed'],
  ['another transaction', { ...there, transaction: 'b'.repeat(64) }, 'contradicted'],
  ['another block', { ...there, block: 8 }, 'contradicted'],
  ['another time', { ...there, committedAt: '2026-01-01T00:00:01.000Z' }, 'contradicted'],
  ['the same organisation again', { ...said, iat: said.iat + 9 }, 'undecided'],
  ['the same organisation, with another block', { ...said, block: 8 }, 'contradicted'],
  ['another statement', { ...there, statement: 'T'.repeat(42).concat('A') }, 'undecided'],
  ['another network', { ...there, network: `demo-${'B'.repeat(42)}A` }, 'undecided'],
  ['nothing at a greater height', { statement: said.statement, absentAtHeight: 8 }, 'contradicted'],
  ['nothing before the block is there', { statement: said.statement, absentAtHeight: 7 }, 'undecided'],
])('beside %s a receipt is judged', (_what, other, judgement) => {
  expect(judgeReceipt(said, other)).toBe(judgement);
});
