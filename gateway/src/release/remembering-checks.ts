import { hash } from 'node:crypto';
import type { SignatureChecks } from '@chartkey/rules';
import { canonicalJson } from '@chartkey/vocabulary';
import { Recent } from './recent.ts';

/** Verified signatures that are remembered. */
const REMEMBERED = 8192;

/**
 * Signature checks, but what verified once is remembered by the SHA-256 of algorithm, key, text and
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
