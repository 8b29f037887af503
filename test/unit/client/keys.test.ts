import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import {
  Author,
  clientAssertion,
  importKeys,
  importSigner,
  keysFrom,
  makeKeys,
  publicP256,
  type Signer,
  thumbprint,
} from '@chartkey/client';

const ecJwk = (namedCurve = 'P-256') =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' });
const network = `demo-${'A'.repeat(43)}`;

test('fresh keys are two P-256 pairs whose private keys cannot leave WebCrypto', async () => {
  const { sig, enc, pairs } = await makeKeys();
  expect(Object.keys(sig.publicKey).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  expect(Object.keys(enc).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  expect(thumbprint(enc)).not.toBe(sig.id);
  for (const pair of [pairs.sig, pairs.enc]) {
    await expect(crypto.subtle.exportKey('jwk', pair.privateKey)).rejects.toThrow();
  }
});

test('keys leave WebCrypto when asked for at the making', async () => {
  const { pairs } = await makeKeys({ extractable: true });
  expect(await crypto.subtle.exportKey('jwk', pairs.sig.privateKey)).toHaveProperty('d');
});

test('kept pairs become the same keys again', async () => {
  const first = await makeKeys();
  const again = await keysFrom(structuredClone(first.pairs));
  expect(again.sig.id).toBe(first.sig.id);
  expect(again.enc).toEqual(first.enc);
});

test('a key’s id is its RFC 7638 thumbprint', async () => {
  const { sig } = await makeKeys();
  const { x, y } = sig.publicKey as { x: string; y: string };
  const text = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
  expect(sig.id).toBe(createHash('sha256').update(text).digest('base64url'));
});

test('private JWKs come in with whatever members others put there, and stay inside', async () => {
  const [sig, enc] = [ecJwk(), ecJwk()];
  const extra = { use: 'sig', key_ops: ['verify'], alg: 'ES256', kid: 'mine', ext: true };
  const keys = await importKeys({ sig: { ...sig, ...extra }, enc });
  expect(keys.sig.publicKey).toEqual({ kty: 'EC', crv: 'P-256', x: sig.x, y: sig.y });
  expect(keys.enc).toEqual({ kty: 'EC', crv: 'P-256', x: enc.x, y: enc.y });
  expect(keys.pairs.sig.privateKey.extractable).toBe(false);
});

test.each([
  [
    'one key twice',
    () => {
      const key = ecJwk();
      return { sig: key, enc: key };
    },
  ],
  ['a foreign private number', () => ({ sig: { ...ecJwk(), d: ecJwk().d }, enc: ecJwk() })],
  ['a public key only', () => ({ sig: publicP256(ecJwk()), enc: ecJwk() })],
  ['an encryption key on another curve', () => ({ sig: ecJwk(), enc: ecJwk('P-384') })],
  ['an unknown curve', () => ({ sig: ecJwk('secp256k1'), enc: ecJwk() })],
  ['a point off its curve', () => ({ sig: { ...ecJwk(), x: 'A'.repeat(43) }, enc: ecJwk() })],
])('%s is refused as private JWKs', async (_name, jwks) => {
  await expect(importKeys(jwks() as { sig: object; enc: object })).rejects.toThrow(TypeError);
});

test.each([
  ['ES384', ecJwk('P-384'), 'sha384'],
  [
    'RS384',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
    'sha384',
  ],
])('a device may sign assertions with %s', async (algorithm, jwk, hash) => {
  const signer = await importSigner(jwk);
  expect(signer.algorithm).toBe(algorithm);
  const key = createPublicKey({ key: signer.publicKey as JsonWebKey, format: 'jwk' });
  for (let turn = 0; turn < 20; turn += 1) {
    const [header, payload, signature] = (
      await clientAssertion({ signer, tokenUrl: 'https://a.example/v1/oauth/token' })
    ).split('.');
    const bytes = Buffer.from(signature ?? '', 'base64url');
    const options = { key, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify(hash, Buffer.from(`${header}.${payload}`), options, bytes)).toBe(true);
    const order =
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
    if (algorithm === 'ES384') {
      expect(BigInt(`0x${bytes.subarray(48).toString('hex')}`) <= order / 2n).toBe(true);
    }
  }
});

test('a key kept in hardware signs through the interface', async () => {
  const { sig } = await makeKeys();
  const seen: number[] = [];
  const card: Signer = {
    ...sig,
    sign: (bytes) => {
      seen.push(bytes.length);
      return sig.sign(bytes);
    },
  };
  expect((await new Author(network, card).skip(3)).statement).toMatchObject({ act: 'skip', seq: 3 });
  expect(seen).toHaveLength(1);
});

test('a signer that answers DER is told so', async () => {
  const { sig } = await makeKeys();
  const card: Signer = { ...sig, sign: async () => new Uint8Array(71) };
  await expect(new Author(network, card).skip(3)).rejects.toThrow('DER');
});
