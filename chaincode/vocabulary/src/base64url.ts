const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The six bits of each ASCII letter; -1 for one that is not of the alphabet. */
const values = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)));

/** Base64url without padding (RFC 4648 section 5, as RFC 7515 uses it). */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const letters = Math.min(4, bytes.length - at + 1);
    for (let letter = 0; letter < letters; letter += 1) text += alphabet[(three >> (18 - 6 * letter)) & 63];
  }
  return text;
}

/**
 * The bytes behind a base64url text in its only canonical form: no padding, unused bits zero.
 * @throws SyntaxError for any other text.
 */
export function decodeBase64url(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let letter = 0; letter < text.length; letter += 1) {
    const value = values[text.charCodeAt(letter)] ?? -1;
    if (value < 0) throw new SyntaxError('this is not base64url');
    bits = ((bits << 6) | value) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = (bits >> held) & 0xff;
      at += 1;
    }
  }
  if (held >= 6 || (bits & ((1 << held) - 1)) !== 0) throw new SyntaxError('this is not canonical base64url');
  return bytes;
}
