import { createPublicKey, randomBytes } from 'node:crypto';
import { thumbprint } from '@chartkey/vocabulary';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { unwrapDataKey, wrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import { Tampered } from '../../../gateway/src/vault/index.ts';
import { newId, newKeys, newTransaction } from './consortium.ts';

const dataKey = randomBytes(32);
const recipient = newKeys();
const use = { access: `${newTransaction()}:7`, record: newId(), version: 3 };
const kid = thumbprint(recipient.key);

const unwrap = (jwe: string) => unwrapDataKey(jwe, recipient.secret, kid, use);
const protectedBy = (jwe: string) => JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString());

test('what we wrap, jose opens', async () => {
  const jwe = wrapDataKey(dataKey, recipient.key, use);
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, recipient.secret);
  expect(Buffer.from(plaintext).equals(dataKey)).toBe(true);
  const { epk, ...header } = protectedHeader;
  expect(header).toEqual({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid, ...use });
  expect(Object.keys(epk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y']);
});

test('what jose wraps, we open', async () => {
  const jwe = await new CompactEncrypt(dataKey)
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid, ...use })
    .encrypt(createPublicKey(recipient.secret));
  expect(unwrap(jwe).equals(dataKey)).toBe(true);
});

test('a key wrapped twice shares nothing but its plaintext', () => {
  const [one, two] = [wrapDataKey(dataKey, recipient.key, use), wrapDataKey(dataKey, recipient.key, use)];
  expect(protectedBy(one).epk).not.toEqual(protectedBy(two).epk);
  for (const at of [1, 2, 3, 4]) expect(one.split('.')[at]).not.toBe(two.split('.')[at]);
});

test('a wrapped key opens for its own device, access, record and version only', () => {
  const jwe = wrapDataKey(dataKey, recipient.key, use);
  const other = newKeys();
  const wrong = [
    () => unwrapDataKey(jwe, other.secret, kid, use),
    () => unwrapDataKey(jwe, recipient.secret, thumbprint(other.key), use),
    () => unwrapDataKey(jwe, recipient.secret, kid, { ...use, access: `${newTransaction()}:7` }),
    () => unwrapDataKey(jwe, recipient.secret, kid, { ...use, record: newId() }),
    () => unwrapDataKey(jwe, recipient.secret, kid, { ...use, version: 4 }),
  ];
  for (const attempt of wrong) expect(attempt).toThrow(Tampered);
});

test('a wrapped key with any letter changed does not open', () => {
  const jwe = wrapDataKey(dataKey, recipient.key, use);
  for (let at = 0; at < jwe.length; at += 1) {
    const letter = jwe[at] === 'A' ? 'B' : 'A';
    expect(() => unwrap(jwe.slice(0, at) + letter + jwe.slice(at + 1))).toThrow(Tampered);
  }
});

test.each([
  ['nothing', ''],
  ['dots', '....'],
  ['six parts', `${wrapDataKey(dataKey, recipient.key, use)}.AA`],
  ['a JWS', 'eyJhbGciOiJub25lIn0.e30.'],
])('%s is no wrapped key', (_name, text) => {
  expect(() => unwrap(text)).toThrow(Tampered);
});

test.each([
  ['direct agreement', { alg: 'ECDH-ES' }],
  ['another content encryption', { enc: 'A128GCM' }],
  ['compression', { zip: 'DEF' }],
  ['a critical extension', { crit: ['access'] }],
  ['a point off the curve', { epk: { ...newKeys().key, y: newKeys().key.y } }],
  ['a point at a P-384 curve', { epk: { ...newKeys().key, crv: 'P-384' } }],
])('a header with %s is refused', (_name, altered) => {
  const [header, ...rest] = wrapDataKey(dataKey, recipient.key, use).split('.');
  const changed = { ...protectedBy(`${header}.`), ...altered };
  const text = Buffer.from(JSON.stringify(changed)).toString('base64url');
  expect(() => unwrap([text, ...rest].join('.'))).toThrow(Tampered);
});
