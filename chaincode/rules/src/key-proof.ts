import {
  Failure,
  fitting,
  KeyProof,
  KeyProofHeader,
  type P256Key,
  parseCompactJws,
  parseUnambiguous,
  thumbprint,
} from '@chartkey/vocabulary';
import { checkKeyPair } from './enrolment.ts';
import type { SignatureChecks } from './signature.ts';

/** Seconds that a key's proof of possession may be good for: a day. */
const PROOF_SECONDS = 86_400;

/** Whose a new key becomes, and when it is brought. */
export interface Bringing {
  network: string;
  owner: string;
  /** ledger time, milliseconds; undefined when an accepted statement is read again later */
  time: number | undefined;
  checks: SignatureChecks;
}

/**
 * Checks that a new signing key made the proof inside a statement, for this owner and network.
 * @throws Failure INVALID_PROOF {at}, INVALID_KEY
 */
export function checkKeyProof(compact: string, bringing: Bringing): KeyProof & { key: string } {
  const { network, owner, time, checks } = bringing;
  const jws = fitting('INVALID_PROOF', 'payload.key', () => parseCompactJws(compact));
  fitting('INVALID_PROOF', 'payload.key.header', () => KeyProofHeader.parse(parseUnambiguous(jws.header)));
  const proof = fitting('INVALID_PROOF', 'payload.key.payload', () =>
    KeyProof.parse(parseUnambiguous(jws.payload)),
  );
  if (proof.enc !== undefined) checkKeyPair(proof.sig, proof.enc, checks);
  else if (!checks.isSound(proof.sig)) throw new Failure('INVALID_KEY');
  const isTimely =
    time === undefined || (time <= proof.exp * 1000 && time >= (proof.exp - PROOF_SECONDS) * 1000 - 60_000);
  const isMeant = proof.network === network && proof.owner === owner;
  if (!isTimely || !isMeant || !checks.verifies('ES256', proof.sig, jws.signingInput, jws.signature)) {
    throw new Failure('INVALID_PROOF', { at: 'payload.key' });
  }
  return { ...proof, key: thumbprint(proof.sig) };
}

/** The same for a patient's pair. @throws Failure INVALID_PROOF, INVALID_KEY */
export function checkPairProof(
  compact: string,
  bringing: Bringing,
): { key: string; sig: P256Key; enc: P256Key } {
  const { key, sig, enc } = checkKeyProof(compact, bringing);
  if (enc === undefined) throw new Failure('INVALID_PROOF', { at: 'payload.key.payload.enc' });
  return { key, sig, enc };
}
