import {
  type Algorithm,
  algorithmOf,
  DeviceKey,
  P256Key,
  type PublicKey,
  thumbprint,
} from '@chartkey/vocabulary';
import { type CryptoAlgorithm, cryptoAlgorithms } from './crypto-algorithms.ts';

/** Whoever holds a private signing key: WebCrypto here, a smart card or an HSM elsewhere. */
export interface Signer {
  /** exactly the public members */
  readonly publicKey: PublicKey;
  /** RFC 7638 thumbprint of `publicKey`: the `kid`, and the id of a device or a patient */
  readonly id: string;
  /** the one algorithm the key signs with */
  readonly algorithm: Algorithm;
  /** Signs with the hash of `algorithm`; ECDSA as r and s side by side (RFC 7518 section 3.4). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What a device or a patient is known by: who signs, and the public key others encrypt to. */
export interface Keys {
  readonly sig: Signer;
  readonly enc: P256Key;
}

/** Keys in WebCrypto's hands; `pairs` can be put into IndexedDB as they are, extractable or not. */
export interface WebKeys extends Keys {
  readonly pairs: KeyPairs;
}
export interface KeyPairs {
  readonly sig: CryptoKeyPair;
  readonly enc: CryptoKeyPair;
}

/** The two private keys as JWKs (RFC 7517), as the demo's credentials file holds them. */
export interface PrivateJwks {
  readonly sig: object;
  readonly enc: object;
}

const subtle = globalThis.crypto.subtle;
const ecdh: CryptoAlgorithm = { name: 'ECDH', namedCurve: 'P-256' };

/** The public members of a JWK and no other, checked. @throws TypeError for a key no network accepts */
export function publicJwk(jwk: object): PublicKey {
  const { kty, crv, x, y, n, e } = jwk as JsonWebKey;
  const key = DeviceKey.safeParse(kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y });
  if (!key.success) {
    throw new TypeError('a signing key is P-256, P-384 or RSA of 2048 to 4096 bits, as a JWK');
  }
  return key.data;
}

/** As `publicJwk`, for P-256 only: patients, master keys, and every `enc`. */
export function publicP256(jwk: object): P256Key {
  const { kty, crv, x, y } = jwk as JsonWebKey;
  const key = P256Key.safeParse({ kty, crv, x, y });
  if (!key.success)
    throw new TypeError('an encryption key, a patient’s and a master key are P-256, as a JWK');
  return key.data;
}

/** A signer from a WebCrypto pair (ECDSA or RSASSA-PKCS1-v1_5 with SHA-384). */
export async function signerFrom(pair: CryptoKeyPair): Promise<Signer> {
  const publicKey = publicJwk(await subtle.exportKey('jwk', pair.publicKey));
  const algorithm = algorithmOf(publicKey);
  const { use } = cryptoAlgorithms[algorithm];
  return {
    publicKey,
    id: thumbprint(publicKey),
    algorithm,
    sign: async (bytes) => new Uint8Array(await subtle.sign(use, pair.privateKey, new Uint8Array(bytes))),
  };
}

/** Keys from pairs that were kept, in IndexedDB for instance. @throws TypeError when the two are one key */
export async function keysFrom(pairs: KeyPairs): Promise<WebKeys> {
  const sig = await signerFrom(pairs.sig);
  const enc = publicP256(await subtle.exportKey('jwk', pairs.enc.publicKey));
  if (thumbprint(enc) === sig.id) throw new TypeError('sig and enc are never the same key');
  return { sig, enc, pairs };
}

/** Two fresh P-256 pairs; the private keys cannot leave WebCrypto unless `extractable`. */
export async function makeKeys(options: { extractable?: boolean } = {}): Promise<WebKeys> {
  const extractable = options.extractable ?? false;
  const [sig, enc] = await Promise.all([
    subtle.generateKey(cryptoAlgorithms.ES256.key as EcKeyGenParams, extractable, ['sign', 'verify']),
    subtle.generateKey(ecdh as EcKeyGenParams, extractable, ['deriveBits']),
  ]);
  return keysFrom({ sig, enc });
}

/** A signer from a private JWK alone: a master key, for instance. */
export async function importSigner(jwk: object, options: { extractable?: boolean } = {}): Promise<Signer> {
  return signerFrom(await importSigningPair(jwk, options.extractable ?? false));
}

/** Keys from private JWKs. @throws TypeError when a private key does not belong to its public members */
export async function importKeys(
  jwks: PrivateJwks,
  options: { extractable?: boolean } = {},
): Promise<WebKeys> {
  const extractable = options.extractable ?? false;
  const enc = await importPair(publicP256(jwks.enc), jwks.enc, ecdh, extractable, [['deriveBits'], []]);
  return keysFrom({ sig: await importSigningPair(jwks.sig, extractable), enc });
}

async function importSigningPair(jwk: object, extractable: boolean): Promise<CryptoKeyPair> {
  const publicKey = publicJwk(jwk);
  const { key, use } = cryptoAlgorithms[algorithmOf(publicKey)];
  const pair = await importPair(publicKey, jwk, key, extractable, [['sign'], ['verify']]);
  const signature = await subtle.sign(use, pair.privateKey, new Uint8Array(1));
  if (!(await subtle.verify(use, pair.publicKey, signature, new Uint8Array(1)))) {
    throw new TypeError('the private key does not belong to the public members of its JWK');
  }
  return pair;
}

async function importPair(
  publicKey: PublicKey,
  jwk: object,
  algorithm: CryptoAlgorithm,
  extractable: boolean,
  [ofPrivate, ofPublic]: [KeyUsage[], KeyUsage[]],
): Promise<CryptoKeyPair> {
  const { d, p, q, dp, dq, qi } = jwk as JsonWebKey;
  // Members such as key_ops would narrow what WebCrypto allows, so only the numbers go in.
  const numbers = publicKey.kty === 'RSA' ? { d, p, q, dp, dq, qi } : { d };
  if (Object.values(numbers).some((number) => typeof number !== 'string')) {
    throw new TypeError('this JWK has no private members');
  }
  try {
    return {
      privateKey: await subtle.importKey(
        'jwk',
        { ...publicKey, ...(numbers as Record<string, string>) },
        algorithm,
        extractable,
        ofPrivate,
      ),
      publicKey: await subtle.importKey('jwk', publicKey, algorithm, true, ofPublic),
    };
  } catch (cause) {
    throw new TypeError('this JWK does not hold a key pair', { cause });
  }
}
