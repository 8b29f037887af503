import { PROLOGUE_BYTES } from '@chartkey/vocabulary';
import { joined } from './bytes.ts';

const subtle = globalThis.crypto.subtle;
const SALT_BYTES = 32;
const NONCE_PREFIX_BYTES = 7;

/** The content of one segment from its ciphertext with tag; undefined when the tag does not match. */
export type OpenSegment = (
  segment: number,
  last: boolean,
  sealed: Uint8Array<ArrayBuffer>,
) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/**
 * Opens the segments of one stream (Tink's "AES-GCM-HKDF Streaming AEAD").
 * Prologue: its own length (40), salt, nonce prefix. Key: HKDF-SHA256 of the data key with that salt and
 * the associated data as info. Nonce: prefix, uint32be(segment), 1 for the last segment else 0.
 * @returns undefined when the prologue is none
 */
export async function segmentOpener(
  dataKey: CryptoKey,
  prologue: Uint8Array,
  associatedData: Uint8Array,
): Promise<OpenSegment | undefined> {
  if (prologue.length !== PROLOGUE_BYTES || prologue[0] !== PROLOGUE_BYTES) return undefined;
  const salt = joined(prologue.subarray(1, 1 + SALT_BYTES));
  const prefix = joined(prologue.subarray(1 + SALT_BYTES));
  const key = await subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: joined(associatedData) },
    dataKey,
    { name: 'AES-GCM', length: 256 },
    false,
    ['decrypt'],
  );
  return async (segment, last, sealed) => {
    const iv = joined(prefix, new Uint8Array(5));
    const view = new DataView(iv.buffer);
    view.setUint32(NONCE_PREFIX_BYTES, segment);
    view.setUint8(NONCE_PREFIX_BYTES + 4, last ? 1 : 0);
    try {
      return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed));
    } catch {
      return undefined;
    }
  };
}
