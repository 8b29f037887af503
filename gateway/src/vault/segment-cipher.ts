import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { PROLOGUE_BYTES, TAG_BYTES } from '@chartkey/vocabulary';
import { Tampered } from './failures.ts';

const SALT_BYTES = 32;
const NONCE_PREFIX_BYTES = 7;
const DERIVED_KEY_BYTES = 32;
const algorithm = 'aes-256-gcm';

/**
 * Seals and opens the segments of one stream (Tink's "AES-GCM-HKDF Streaming AEAD").
 * Prologue: its own length (40), salt, nonce prefix. Key: HKDF-SHA256 of the data key with that salt and
 * the associated data as info. Nonce: prefix, uint32be(segment), 1 for the last segment else 0.
 */
export class SegmentCipher {
  private readonly key: KeyObject;
  private readonly nonce = Buffer.alloc(NONCE_PREFIX_BYTES + 5);

  /** @throws Tampered when the prologue is none. */
  constructor(dataKey: Uint8Array, prologue: Uint8Array, associatedData: Uint8Array) {
    if (prologue.length !== PROLOGUE_BYTES || prologue[0] !== PROLOGUE_BYTES) throw new Tampered('prologue');
    const salt = prologue.subarray(1, 1 + SALT_BYTES);
    const derived = hkdfSync('sha256', createSecretKey(dataKey), salt, associatedData, DERIVED_KEY_BYTES);
    this.key = createSecretKey(Buffer.from(derived));
    this.nonce.set(prologue.subarray(1 + SALT_BYTES));
  }

  /** Ciphertext and tag of one segment. A number must never be sealed twice with one cipher. */
  seal(segment: number, last: boolean, content: Uint8Array): [Buffer, Buffer] {
    const cipher = createCipheriv(algorithm, this.key, this.nonceOf(segment, last));
    const sealed = cipher.update(content);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  }

  /** The content of one segment (ciphertext with its tag). @throws Tampered when the tag does not match. */
  open(segment: number, last: boolean, sealed: Uint8Array): Buffer {
    const end = sealed.length - TAG_BYTES;
    if (end < 0) throw new Tampered(`segment ${segment}`);
    const decipher = createDecipheriv(algorithm, this.key, this.nonceOf(segment, last), {
      authTagLength: TAG_BYTES,
    });
    const content = decipher.update(sealed.subarray(0, end));
    decipher.setAuthTag(sealed.subarray(end));
    try {
      decipher.final();
    } catch (error) {
      throw new Tampered(`segment ${segment}`, { cause: error });
    }
    return content;
  }

  private nonceOf(segment: number, last: boolean): Buffer {
    this.nonce.writeUInt32BE(segment, NONCE_PREFIX_BYTES);
    this.nonce[NONCE_PREFIX_BYTES + 4] = last ? 1 : 0;
    return this.nonce;
  }
}
