import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { SignatureChecks } from '@chartkey/rules';
import { type Algorithm, algorithmOf, canonicalJson, type PublicKey } from '@chartkey/vocabulary';
import { Recent } from './recent.ts';

/** Public keys, and verified signatures, that are remembered. */
const REMEMBERED = 8192;

const digests: Record<Algorithm, string> = { ES256: 'sha256', ES384: 'sha384', RS384: 'sha384' };

/** The rules' signature checks on node:crypto; parsed keys are kept. */
export function nodeSignatureChecks(remembered: number = REMEMBERED): SignatureChecks {
  const keys = new Recent<string, KeyObject>(remembered);

  const keyObject = (key: PublicKey): KeyObject => {
    const name = canonicalJson(key);
    const kept = keys.get(name);
    if (kept) return kept;
    // Refuses a point that is not on its curve.
    const made = createPublicKey({ key: { ...key }, format: 'jwk' });
    keys.set(name, made);
    return made;
  };

  return {
    verifies(algorithm, key, signingInput, signature) {
      if (algorithm !== algorithmOf(key)) return false;
      try {
        const made = { key: keyObject(key), dsaEncoding: 'ieee-p1363' as const };
        return verify(digests[algorithm], Buffer.from(signingInput), made, signature);
      } catch {
        return false;
      }
    },
    isSound(key) {
      try {
        const bits = keyObject(key).asymmetricKeyDetails?.modulusLength;
        return key.kty === 'EC' || (bits !== undefined && bits >= 2048 && bits <= 4096);
      } catch {
        return false;
      }
    },
  };
}

/**
 * The same checks, but what verified once is remembered by the SHA-256 of algorithm, key, text and
 * signature: a statement that stands behind many releases costs its verification once. Not for proofs,
 * which never come twice and would push the statements out.
 */
export function rememberingChecks(checks: SignatureChecks, remembered: number = REMEMBERED): SignatureChecks {
  const verified = new Recent<string, true>(remembered);
  return {
    ...checks,
    verifies(algorithm, key, signingInput, signature) {
      const signed = canonicalJson([algorithm, key, signingInput, Buffer.from(signature).toString('hex')]);
      const name = hash('sha256', signed);
      if (verified.get(name)) return true;
      if (!checks.verifies(algorithm, key, signingInput, signature)) return false;
      verified.set(name, true);
      return true;
    },
  };
}
