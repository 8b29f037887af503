import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { utf8Bytes } from './digest.ts';

/** A compact JWS (RFC 7515 section 7.1) taken apart; nothing about it is verified yet. */
export interface CompactJws {
  /** header text as signed, UTF-8 */
  header: string;
  /** payload text as signed, UTF-8 */
  payload: string;
  signature: Uint8Array;
  /** `header.payload` in base64url: what the signature is over */
  signingInput: string;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a compact JWS apart.
 * @throws SyntaxError unless it is three parts of canonical base64url, the first two UTF-8.
 */
export function parseCompactJws(text: string): CompactJws {
  const [header, payload, signature, more] = text.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) {
    throw new SyntaxError('this is not a compact JWS');
  }
  try {
    return {
      header: strictUtf8.decode(decodeBase64url(header)),
      payload: strictUtf8.decode(decodeBase64url(payload)),
      signature: decodeBase64url(signature),
      signingInput: `${header}.${payload}`,
    };
  } catch {
    throw new SyntaxError('this is not a compact JWS');
  }
}

/** What is signed when a header and a payload, each a text, become a compact JWS. */
export function signingInput(header: string, payload: string): string {
  return `${encodeBase64url(utf8Bytes(header))}.${encodeBase64url(utf8Bytes(payload))}`;
}
