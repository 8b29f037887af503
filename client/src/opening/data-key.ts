import {
  decodeBase64url,
  thumbprint,
  utf8Bytes,
  type WrappedFor,
  WrappedKeyHeader,
} from '@chartkey/vocabulary';
import type { KeyPairs, Keys } from '../keys.ts';
import { WrongKey } from '../problems.ts';
import { joined } from './bytes.ts';

/** What opens a release: the reader's encryption pair, its private key in WebCrypto's hands. */
export interface OpeningKeys extends Pick<Keys, 'enc'> {
  readonly pairs: Pick<KeyPairs, 'enc'>;
}

const subtle = globalThis.crypto.subtle;
const KEY_BYTES = 32;
/** AES key wrap adds one block of 8 bytes (RFC 3394). */
const WRAPPED_KEY_BYTES = KEY_BYTES + 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** RFC 7518 section 4.6.2: round 1, then Z, then AlgorithmID, empty PartyUInfo and PartyVInfo, 256 bits. */
const roundOne = Uint8Array.of(0, 0, 0, 1);
const algorithmId = utf8Bytes('ECDH-ES+A256KW');
const otherInfo = joined(
  Uint8Array.of(0, 0, 0, algorithmId.length),
  algorithmId,
  new Uint8Array(8),
  Uint8Array.of(0, 0, 1, 0),
);

/**
 * Unwraps a released data key (compact JWE, ECDH-ES+A256KW and A256GCM) inside WebCrypto: neither it nor
 * the reader's private key is ever seen by a script.
 * @param keys the reader's; the private `enc` key need not be extractable
 * @returns the data key, for HKDF
 * @throws WrongKey; TypeError when the private `enc` key may not derive bits
 */
export async function unwrapDataKey(jwe: string, keys: OpeningKeys, use: WrappedFor): Promise<CryptoKey> {
  const { privateKey } = keys.pairs.enc;
  if (!privateKey.usages.includes('deriveBits')) {
    throw new TypeError('the private enc key must allow deriveBits');
  }
  const parts = partsOf(jwe, use.access);
  const { kid, access, record, version } = parts.header;
  if (kid !== thumbprint(keys.enc)) throw new WrongKey(use.access, 'for another reader');
  const meant = access === use.access && record === use.record && version === use.version;
  if (!meant) throw new WrongKey(use.access, 'for another use');
  try {
    return await opened(parts, privateKey);
  } catch (cause) {
    throw new WrongKey(use.access, 'does not open', { cause });
  }
}

interface Parts {
  header: WrappedKeyHeader;
  /** the protected header as it came: it is authenticated as text */
  headerText: string;
  encryptedKey: Uint8Array<ArrayBuffer>;
  iv: Uint8Array<ArrayBuffer>;
  /** ciphertext and tag */
  sealed: Uint8Array<ArrayBuffer>;
}

function partsOf(jwe: string, access: string): Parts {
  try {
    const [headerText = '', encryptedKey = '', iv = '', ciphertext = '', tag = '', more] = jwe.split('.');
    if (more !== undefined) throw new SyntaxError('more than five parts');
    const header: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(headerText)));
    return {
      header: WrappedKeyHeader.parse(header),
      headerText,
      encryptedKey: bytes(encryptedKey, WRAPPED_KEY_BYTES),
      iv: bytes(iv, IV_BYTES),
      sealed: joined(bytes(ciphertext, KEY_BYTES), bytes(tag, TAG_BYTES)),
    };
  } catch (cause) {
    throw new WrongKey(access, 'malformed', { cause });
  }
}

async function opened(parts: Parts, privateKey: CryptoKey): Promise<CryptoKey> {
  // Refuses a point that is not on the curve.
  const epk = await subtle.importKey(
    'jwk',
    parts.header.epk,
    { name: 'ECDH', namedCurve: 'P-256' },
    true,
    [],
  );
  const secret = new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: epk }, privateKey, 256));
  const wrappingKey = await wrappingKeyOf(secret, 'unwrapKey');
  const contentKey = await subtle.unwrapKey(
    'raw',
    parts.encryptedKey,
    wrappingKey,
    'AES-KW',
    'AES-GCM',
    false,
    ['unwrapKey'],
  );
  const opening = { name: 'AES-GCM', iv: parts.iv, additionalData: joined(utf8Bytes(parts.headerText)) };
  return subtle.unwrapKey('raw', parts.sealed, contentKey, opening, 'HKDF', false, ['deriveKey']);
}

/** The key that wraps the content's key, from an agreed secret of 32 bytes (RFC 7518 section 4.6). */
export async function wrappingKeyOf(secret: Uint8Array, use: 'wrapKey' | 'unwrapKey'): Promise<CryptoKey> {
  const wrapping = await subtle.digest('SHA-256', joined(roundOne, secret, otherInfo));
  return subtle.importKey('raw', wrapping, 'AES-KW', false, [use]);
}

function bytes(text: string, length: number): Uint8Array<ArrayBuffer> {
  const decoded = decodeBase64url(text);
  if (decoded.length !== length) throw new SyntaxError('of another length');
  return new Uint8Array(decoded);
}
