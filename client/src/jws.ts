import { canonicalJson, encodeBase64url, signingInput, utf8Bytes } from '@chartkey/vocabulary';
import type { Signer } from './keys.ts';
import { lowS } from './low-s.ts';

/** A compact JWS (RFC 7515 section 7.1) over canonical JSON, its ECDSA signature with low s. */
export async function signJws(header: object, payload: object, signer: Signer): Promise<string> {
  const input = signingInput(canonicalJson(header), canonicalJson(payload));
  const signature = lowS(await signer.sign(utf8Bytes(input)), signer.algorithm);
  return `${input}.${encodeBase64url(signature)}`;
}
