import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Algorithm, algorithmOf, type PublicKey } from '@chartkey/vocabulary';
import type { SignatureChecks } from './signature.ts';

const digestOf: Record<Algorithm, string> = { ES256: 'sha256', ES384: 'sha384', RS384: 'sha384' };

/** Parsed keys by their numbers, the oldest forgotten first; parsing a key costs as much as using it. */
const parsed = new Map<string, KeyObject>();
const MOST_PARSED = 4096;

function keyObject(key: PublicKey): KeyObject {
  const id = key.kty === 'RSA' ? `${key.n}.${key.e}` : `${key.x}.${key.y}`;
  const known = parsed.get(id);
  if (known) return known;
  const made = createPublicKey({ format: 'jwk', key: { ...key } });
  if (parsed.size >= MOST_PARSED) parsed.delete(parsed.keys().next().value ?? '');
  parsed.set(id, made);
  return made;
}

/** `SignatureChecks` on node:crypto, for the chaincode and the gateway. */
export const nodeSignatureChecks: SignatureChecks = {
  verifies(algorithm, key, signingInput, signature) {
    if (algorithm !== algorithmOf(key)) return false;
    try {
      const dsaEncoding = 'ieee-p1363';
      return verify(
        digestOf[algorithm],
        Buffer.from(signingInput),
        { key: keyObject(key), dsaEncoding },
        signature,
      );
    } catch {
      return false;
    }
  },
  isSound(key) {
    try {
      keyObject(key);
      return true;
    } catch {
      return false;
    }
  },
};
