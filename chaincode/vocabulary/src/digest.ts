import { sha256 } from '@noble/hashes/sha2.js';
import { encodeBase64url } from './base64url.ts';

const utf8 = new TextEncoder();

/** UTF-8 bytes of a text. */
export function utf8Bytes(text: string): Uint8Array {
  return utf8.encode(text);
}

/** SHA-256 of a text's UTF-8 bytes, or of bytes, as base64url (43 characters). */
export function digest(content: string | Uint8Array): string {
  return encodeBase64url(sha256(typeof content === 'string' ? utf8.encode(content) : content));
}

/** Lower-case letters and digits of RFC 4648 base32, as record and practitioner ids use them. */
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first 128 bits of some bytes in 26 letters of base32 (the last one carries 3 bits). */
export function base32Id(bytes: Uint8Array): string {
  let text = '';
  for (let bit = 0; bit < 130; bit += 5) {
    let value = 0;
    for (let at = bit; at < bit + 5; at += 1) {
      const byte = at < 128 ? (bytes[at >> 3] ?? 0) : 0;
      value = (value << 1) | ((byte >> (7 - (at & 7))) & 1);
    }
    text += base32[value];
  }
  return text;
}

/**
 * The id of the record that a device uploads under one retry key: the same key finds the first upload.
 * @param device thumbprint of the uploading device
 * @param retryKey the Idempotency-Key as the gateway HMACed it, base64url
 */
export function recordIdFor(device: string, retryKey: string): string {
  return base32Id(sha256(utf8.encode(`chartkey-record-id/1 ${device} ${retryKey}`)));
}
