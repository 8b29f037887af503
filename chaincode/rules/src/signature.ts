import type { Algorithm, PublicKey } from '@chartkey/vocabulary';

/** The cryptography that a rule needs, passed in: node:crypto in chaincode and gateway. */
export interface SignatureChecks {
  /** Does the signature (JOSE form: r and s concatenated, or PKCS#1) over the text's bytes verify? */
  verifies(algorithm: Algorithm, key: PublicKey, signingInput: string, signature: Uint8Array): boolean;
  /** Is this a key of its kind: on its curve, of its size? */
  isSound(key: PublicKey): boolean;
}

/** Half the order of P-256 (SEC 2 section 2.4.2), rounded down. */
const halfOrder = Uint8Array.from(
  '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8'.match(/../g) ?? [],
  (pair) => Number.parseInt(pair, 16),
);

/**
 * Is this an ES256 signature whose s is at most half the order? Of the two signatures that verify for
 * one message, (r, s) and (r, n - s), only this one is accepted.
 */
export function isLowS(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  for (let at = 0; at < 32; at += 1) {
    const difference = (signature[32 + at] ?? 0) - (halfOrder[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
