import {
  canonicalJson,
  Failure,
  type P256Key,
  type PublicKey,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { checkLabelKey } from './label-key.ts';
import type { SignatureChecks } from './signature.ts';
import { checkSignature, type ReadStatement } from './statement.ts';

/**
 * Checks a pair of public keys: each sound, the two not equal.
 * @throws Failure INVALID_KEY
 */
export function checkKeyPair(sig: PublicKey, enc: P256Key, checks: SignatureChecks): void {
  if (!checks.isSound(sig) || !checks.isSound(enc) || canonicalJson(sig) === canonicalJson(enc)) {
    throw new Failure('INVALID_KEY');
  }
}

/**
 * Checks that an enrolment is self-made: its id is the thumbprint of the key that signed it.
 * @throws Failure INVALID_STATEMENT, INVALID_KEY, SIGNATURE_INVALID, WRONG_NETWORK
 */
export function checkEnrolment(
  statement: ReadStatement<StatementOf<'enrolPatient'>>,
  network: string,
  checks: SignatureChecks,
): void {
  const { iss, sig, enc } = statement.payload;
  checkKeyPair(sig, enc, checks);
  if (thumbprint(sig) !== iss) throw new Failure('INVALID_KEY');
  checkSignature(statement, sig, network, checks);
  checkLabelKey(statement.payload);
}
