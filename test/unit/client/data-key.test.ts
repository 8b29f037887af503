import { createPublicKey, randomBytes } from 'node:crypto';
import { keysFrom, makeKeys, type WebKeys, WrongKey } from '@chartkey/client';
import { CompactEncrypt } from 'jose';
import { unwrapDataKey } from '../../../client/src/opening/data-key.ts';
import { segmentOpener } from '../../../client/src/opening/segment-cipher.ts';
import { wrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import { sealSmall } from '../../../gateway/src/vault/sealing.ts';
import { newId, newKeys, newTransaction } from '../release/consortium.ts';

const dataKey = randomBytes(32);
const use = { access: `${newTransaction()}:7`, record: newId(), version: 3 };
let keys: WebKeys;
let jwe: string;

beforeAll(async () => {
  keys = await makeKeys();
  jwe = wrapDataKey(dataKey, keys.enc, use);
});

/** Does the unwrapped key open what the data key has sealed? */
async function opens(unwrapped: CryptoKey): Promise<boolean> {
  const bound = Buffer.from('bound');
  const sealed = new Uint8Array(sealSmall(Buffer.from('content'), dataKey, bound));
  const open = await segmentOpener(unwrapped, sealed.subarray(0, 40), bound);
  const content = await open?.(0, true, sealed.subarray(40));
  return content !== undefined && Buffer.from(content).toString() === 'content';
}
const protectedBy = (text: string) =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
const headerText = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');

test('what a gateway wraps, a reader opens whose private key cannot leave WebCrypto, and nor can the data key', async () => {
  expect(keys.pairs.enc.privateKey.extractable).toBe(false);
  const unwrapped = await unwrapDataKey(jwe, keys, use);
  expect(unwrapped.extractable).toBe(false);
  expect(await opens(unwrapped)).toBe(true);
});

test('what jose wraps opens', async () => {
  const { kid } = protectedBy(jwe);
  const wrapped = await new CompactEncrypt(dataKey)
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid, ...use })
    .encrypt(createPublicKey({ key: { ...keys.enc }, format: 'jwk' }));
  expect(await opens(await unwrapDataKey(wrapped, keys, use))).toBe(true);
});

test('a released key opens for its own reader only', async () => {
  const other = await makeKeys();
  const attempt = unwrapDataKey(jwe, other, use);
  await expect(attempt).rejects.toThrow(WrongKey);
  await expect(attempt).rejects.toMatchObject({ access: use.access, reason: 'for another reader' });
  const renamed = headerText({
    ...protectedBy(jwe),
    kid: protectedBy(wrapDataKey(dataKey, other.enc, use)).kid,
  });
  const forged = [renamed, ...jwe.split('.').slice(1)].join('.');
  await expect(unwrapDataKey(forged, other, use)).rejects.toMatchObject({ reason: 'does not open' });
});

test.each([
  ['access', { access: `${newTransaction()}:7` }],
  ['record', { record: newId() }],
  ['version', { version: 4 }],
])('a released key opens for its own %s only, also when its header is rewritten', async (_name, other) => {
  const meant = { ...use, ...other };
  await expect(unwrapDataKey(jwe, keys, meant)).rejects.toMatchObject({ reason: 'for another use' });
  const forged = [headerText({ ...protectedBy(jwe), ...other }), ...jwe.split('.').slice(1)].join('.');
  await expect(unwrapDataKey(forged, keys, meant)).rejects.toMatchObject({ reason: 'does not open' });
});

test('a released key with any letter changed does not open', async () => {
  for (let at = 0; at < jwe.length; at += 1) {
    const changed = jwe.slice(0, at) + (jwe[at] === 'A' ? 'B' : 'A') + jwe.slice(at + 1);
    await expect(unwrapDataKey(changed, keys, use)).rejects.toThrow(WrongKey);
  }
});

test.each(['', '....', 'eyJhbGciOiJub25lIn0.e30.', 'AA.AA.AA.AA.AA.AA'])(
  '%j is no released key',
  async (text) => {
    await expect(unwrapDataKey(text, keys, use)).rejects.toMatchObject({ reason: 'malformed' });
  },
);

test.each([
  ['direct agreement', { alg: 'ECDH-ES' }, 'malformed'],
  ['another content encryption', { enc: 'A128GCM' }, 'malformed'],
  ['compression', { zip: 'DEF' }, 'malformed'],
  ['a critical extension', { crit: ['access'] }, 'malformed'],
  ['a point at a P-384 curve', { epk: { ...newKeys().key, crv: 'P-384' } }, 'malformed'],
  ['a point off the curve', { epk: { ...newKeys().key, y: newKeys().key.y } }, 'does not open'],
])('a header with %s is refused', async (_name, altered, reason) => {
  const [, ...rest] = jwe.split('.');
  const changed = [headerText({ ...protectedBy(jwe), ...altered }), ...rest].join('.');
  await expect(unwrapDataKey(changed, keys, use)).rejects.toMatchObject({ name: 'WrongKey', reason });
});

test('a private key that may not derive bits is the caller’s mistake', async () => {
  const enc = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveKey']);
  const narrow = await keysFrom({ ...keys.pairs, enc });
  await expect(unwrapDataKey(jwe, narrow, use)).rejects.toThrow(TypeError);
});
