import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  type Algorithm,
  algorithmOf,
  canonicalJson,
  digest,
  type P256Key,
  type PublicKey,
  signingInput,
  thumbprint,
} from '@chartkey/vocabulary';

/** A signing key of a test: node:crypto only, so that it does not lean on the SDK it may be testing. */
export interface TestKey {
  jwk: PublicKey & { d: string };
  publicJwk: PublicKey;
  id: string;
}

export function testKey(kind: 'P-256' | 'P-384' | 'RSA' = 'P-256'): TestKey & { publicJwk: P256Key } {
  const { privateKey } =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind });
  const jwk = privateKey.export({ format: 'jwk' }) as unknown as TestKey['jwk'];
  const { kty } = jwk;
  const publicJwk = (
    jwk.kty === 'RSA' ? { kty, n: jwk.n, e: jwk.e } : { kty, crv: jwk.crv, x: jwk.x, y: jwk.y }
  ) as P256Key;
  return { jwk, publicJwk, id: thumbprint(publicJwk) };
}

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Of the two signatures that verify, the one asked for. */
export function withS(signature: Buffer, which: 'low' | 'high'): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const isHigh = s > order / 2n;
  if (isHigh === (which === 'high')) return signature;
  const other = (order - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex')]);
}

const hashes: Record<Algorithm, string> = { ES256: 'sha256', ES384: 'sha384', RS384: 'sha384' };

/** Signs texts as they are, however wrong they may be. */
export function signTexts(
  header: string,
  payload: string,
  key: TestKey,
  which: 'low' | 'high' = 'low',
): string {
  const algorithm = algorithmOf(key.publicJwk);
  const input = signingInput(header, payload);
  const signature = sign(hashes[algorithm], Buffer.from(input), {
    key: createPrivateKey({ format: 'jwk', key: { ...key.jwk } }),
    dsaEncoding: 'ieee-p1363',
  });
  const settled = algorithm === 'ES256' ? withS(signature, which) : signature;
  return `${input}.${settled.toString('base64url')}`;
}

/** Signs canonical JSON. */
export function signJson(header: object, payload: object, key: TestKey): string {
  return signTexts(canonicalJson(header), canonicalJson(payload), key);
}

/** A statement by a key: header and times are filled in unless the payload has them. */
export function statement(payload: object, key: TestKey, now = Math.floor(Date.now() / 1000)): string {
  const header = { alg: 'ES256', kid: key.id, typ: 'chartkey-statement+jwt' };
  return signJson(header, { iat: now, exp: now + 300, ...payload }, key);
}

export function statementIdOf(compact: string): string {
  return digest(compact.slice(0, compact.lastIndexOf('.')));
}
