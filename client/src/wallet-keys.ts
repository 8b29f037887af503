import { canonicalJson, encodeBase64url, type Place, utf8Bytes } from '@chartkey/vocabulary';
import { p256 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { importKeys, type WebKeys } from './keys.ts';

/** Bytes of a wallet's seed. */
export const SEED_BYTES = 32;
/** Bytes of a scalar's material: 128 more than the order has, so that it is not biased (FIPS 186-5, A.2.1). */
const SCALAR_BYTES = 48;
const salt = utf8Bytes('chartkey-wallet/1');

/** Key pairs of a place. They cannot leave WebCrypto, but they are made of the seed. */
export function keysOf(seed: Uint8Array, { network, custodian, generation }: Place): Promise<WebKeys> {
  const jwk = (use: 'sig' | 'enc') =>
    privateJwk(material(seed, { custodian, generation, network, use }, SCALAR_BYTES));
  return importKeys({ sig: jwk('sig'), enc: jwk('enc') });
}

/** The key of the labels at a custodian, base64url, for the id of a place. */
export function labelKeyOf(
  seed: Uint8Array,
  { network, custodian }: Pick<Place, 'network' | 'custodian'>,
  at: string,
): string {
  return encodeBase64url(material(seed, { at, custodian, network, use: 'labels' }, SEED_BYTES));
}

/** Bytes for one use alone: HKDF-SHA256 (RFC 5869), `info` the canonical JSON that says which. */
function material(seed: Uint8Array, use: Record<string, string | number>, bytes: number): Uint8Array {
  return hkdf(sha256, seed, salt, utf8Bytes(canonicalJson(use)), bytes);
}

/** WebCrypto takes a private key with its public point only. */
function privateJwk(random: Uint8Array): object {
  const secret = p256.utils.randomSecretKey(random);
  const point = p256.getPublicKey(secret, false);
  const [x, y, d] = [point.subarray(1, 33), point.subarray(33), secret].map(encodeBase64url);
  return { kty: 'EC', crv: 'P-256', x, y, d };
}
