import {
  AssertionHeader,
  algorithmOf,
  assertionIn,
  type B2bExtension,
  CLOCK_SKEW_SECONDS,
  Failure,
  fitting,
  type PublicKey,
  parseCompactJws,
  parseUnambiguous,
  SESSION_SECONDS,
  STATEMENT_BYTES,
  thumbprint,
} from '@chartkey/vocabulary';
import type * as z from 'zod';
import type { SignatureChecks } from './signature.ts';

/** A client assertion taken apart and of the right form. Nothing is verified yet. */
export interface ReadAssertion {
  issuer: string;
  /** thumbprint of the key that signed: a device's is its id, a patient may have several */
  key: string;
  audience: string;
  jti: string;
  /** seconds */
  issuedAt: number;
  expiresAt: number;
  algorithm: string;
  /** present for a device, absent for a patient */
  b2b?: z.infer<typeof B2bExtension>;
  signingInput: string;
  signature: Uint8Array;
}

/**
 * Reads an RFC 7523 client assertion of our profile.
 * @throws Failure ASSERTION_INVALID {at} for any departure from it
 */
export function readAssertion(compact: string): ReadAssertion {
  if (compact.length > STATEMENT_BYTES) throw new Failure('ASSERTION_INVALID', { at: 'client_assertion' });
  const jws = fitting('ASSERTION_INVALID', 'client_assertion', () => parseCompactJws(compact));
  const { signingInput, signature } = jws;
  const { alg, kid } = fitting('ASSERTION_INVALID', 'header', () =>
    AssertionHeader.parse(parseUnambiguous(jws.header)),
  );
  const claims = fitting('ASSERTION_INVALID', 'payload', () => assertionIn(parseUnambiguous(jws.payload)));
  const isDevice = 'extensions' in claims;
  if (claims.iss !== claims.sub) throw new Failure('ASSERTION_INVALID', { at: 'payload.sub' });
  if (isDevice && kid !== claims.iss) throw new Failure('ASSERTION_INVALID', { at: 'header.kid' });
  const read = {
    issuer: claims.iss,
    key: kid,
    audience: claims.aud,
    jti: claims.jti,
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    algorithm: alg,
    signingInput,
    signature,
  };
  return isDevice ? { ...read, b2b: claims.extensions['hl7-b2b'] } : read;
}

/**
 * Checks an assertion against a key of its issuer, the token URL and the time.
 * @param time milliseconds
 * @throws Failure ASSERTION_INVALID, ASSERTION_MISADDRESSED, ASSERTION_EXPIRED
 */
export function checkAssertion(
  assertion: ReadAssertion,
  key: PublicKey,
  tokenUrl: string,
  time: number,
  checks: SignatureChecks,
): void {
  const { algorithm, issuedAt, expiresAt } = assertion;
  const own = algorithmOf(key);
  if (
    algorithm !== own ||
    thumbprint(key) !== assertion.key ||
    !checks.verifies(own, key, assertion.signingInput, assertion.signature)
  ) {
    throw new Failure('ASSERTION_INVALID', { at: algorithm === own ? 'signature' : 'header.alg' });
  }
  if (assertion.audience !== tokenUrl) throw new Failure('ASSERTION_MISADDRESSED');
  const tooLong = expiresAt - issuedAt > SESSION_SECONDS || expiresAt <= issuedAt;
  const early = time < (issuedAt - CLOCK_SKEW_SECONDS) * 1000;
  if (tooLong || early || time > expiresAt * 1000) throw new Failure('ASSERTION_EXPIRED');
}
