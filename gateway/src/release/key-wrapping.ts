import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { readLabelKeyHeader } from '@chartkey/rules';
import {
  decodeBase64url,
  type LabelKeyFor,
  type P256Key,
  thumbprint,
  type WrappedFor,
  WrappedKeyHeader,
} from '@chartkey/vocabulary';
import { Tampered } from '../vault/index.ts';
import { Recent } from './recent.ts';

const alg = 'ECDH-ES+A256KW';
const enc = 'A256GCM';
/** RFC 3394 section 2.2.3.1. */
const KEY_WRAP_IV = Buffer.alloc(8, 0xa6);
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** RFC 7518 section 4.6.2: round 1, then Z, then AlgorithmID, empty PartyUInfo and PartyVInfo, 256 bits. */
const roundOne = Buffer.of(0, 0, 0, 1);
const otherInfo = Buffer.concat([
  Buffer.of(0, 0, 0, alg.length),
  Buffer.from(alg),
  Buffer.alloc(8),
  Buffer.of(0, 0, 1, 0),
]);

const recipients = new Recent<string, { id: string; key: KeyObject }>(1024);

/**
 * Wraps a data key as a compact JWE (RFC 7516): ECDH-ES+A256KW with a fresh ephemeral P-256 key, A256GCM.
 * On node:crypto, since a general library is several times slower and this limits releases a second.
 * @param recipient the approved device's public `enc` key
 */
export function wrapDataKey(dataKey: Uint8Array, recipient: P256Key, use: WrappedFor): string {
  const { id, key } = recipientOf(recipient);
  const ephemeral = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: key });
  const { crv, kty, x, y } = ephemeral.publicKey.export({ format: 'jwk' });
  const { access, record, version } = use;
  const header = { access, alg, enc, epk: { crv, kty, x, y }, kid: id, record, version };
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');

  const random = randomFillSync(Buffer.allocUnsafe(KEY_BYTES + IV_BYTES));
  const contentKey = random.subarray(0, KEY_BYTES);
  const iv = random.subarray(KEY_BYTES);
  const wrap = createCipheriv('id-aes256-wrap', wrappingKey(secret), KEY_WRAP_IV);
  const encryptedKey = Buffer.concat([wrap.update(contentKey), wrap.final()]);
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(protectedHeader));
  const ciphertext = Buffer.concat([cipher.update(dataKey), cipher.final()]);
  const parts = [encryptedKey, iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  contentKey.fill(0);
  return [protectedHeader, ...parts].join('.');
}

/**
 * Unwraps a data key that was wrapped for one key and one use.
 * @param key our private `enc` key
 * @param id its thumbprint
 * @throws Tampered when it is no such JWE, is for another key or use, or does not open
 */
export function unwrapDataKey(jwe: string, key: KeyObject, id: string, use: WrappedFor): Buffer {
  return opened(jwe, key, (head) => {
    const header = WrappedKeyHeader.parse(JSON.parse(Buffer.from(decodeBase64url(head)).toString()));
    const isMeant =
      header.kid === id &&
      header.access === use.access &&
      header.record === use.record &&
      header.version === use.version;
    if (!isMeant) throw new SyntaxError('for another use');
    return header;
  });
}

/**
 * Opens a patient's key for labels here.
 * @param key our private `enc` key
 * @param id its thumbprint
 * @throws Tampered when it is no such JWE, is for another key or use, or does not open
 */
export function unwrapLabelKey(jwe: string, key: KeyObject, id: string, use: LabelKeyFor): Buffer {
  return opened(jwe, key, (head) => {
    const header = readLabelKeyHeader(head, use);
    if (header.kid !== id) throw new SyntaxError('for another key');
    return header;
  });
}

/** @param headerIn reads the protected header (base64url), and throws unless it is the one meant */
function opened(jwe: string, key: KeyObject, headerIn: (head: string) => { epk: P256Key }): Buffer {
  try {
    const [protectedHeader = '', encryptedKey = '', iv = '', ciphertext = '', tag = '', more] =
      jwe.split('.');
    const { epk } = headerIn(protectedHeader);
    if (more !== undefined) throw new SyntaxError('more than five parts');
    // Refuses a point that is not on the curve.
    const publicKey = createPublicKey({ key: { ...epk }, format: 'jwk' });
    const secret = diffieHellman({ privateKey: key, publicKey });
    const unwrap = createDecipheriv('id-aes256-wrap', wrappingKey(secret), KEY_WRAP_IV);
    const contentKey = Buffer.concat([unwrap.update(bytes(encryptedKey, KEY_BYTES + 8)), unwrap.final()]);
    const opening = createDecipheriv('aes-256-gcm', contentKey, bytes(iv, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    opening.setAAD(Buffer.from(protectedHeader)).setAuthTag(bytes(tag, TAG_BYTES));
    return Buffer.concat([opening.update(bytes(ciphertext, KEY_BYTES)), opening.final()]);
  } catch (error) {
    throw new Tampered('a wrapped key', { cause: error });
  }
}

function wrappingKey(secret: Buffer): Buffer {
  const key = hash('sha256', Buffer.concat([roundOne, secret, otherInfo]), 'buffer');
  secret.fill(0);
  return key;
}

function recipientOf(key: P256Key): { id: string; key: KeyObject } {
  const name = `${key.x}.${key.y}`;
  let made = recipients.get(name);
  if (!made) {
    made = { id: thumbprint(key), key: createPublicKey({ key: { ...key }, format: 'jwk' }) };
    recipients.set(name, made);
  }
  return made;
}

function bytes(text: string, length: number): Uint8Array {
  const decoded = decodeBase64url(text);
  if (decoded.length !== length) throw new SyntaxError('of another length');
  return decoded;
}
