import {
  algorithmOf,
  DeviceProof,
  DeviceProofHeader,
  Failure,
  fitting,
  parseCompactJws,
  parseUnambiguous,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { checkKeyPair } from './enrolment.ts';
import type { SignatureChecks } from './signature.ts';
import type { ReadStatement } from './statement.ts';

/** Seconds that a device's proof of possession may be good for: a day. */
const PROOF_SECONDS = 86_400;

/**
 * Checks the device's own proof inside an approval: it holds the key, for this organisation and network.
 * @param time ledger time, milliseconds; undefined when an accepted statement is read again later
 * @throws Failure INVALID_PROOF {at}, INVALID_KEY
 */
export function checkDeviceProof(
  approval: ReadStatement<StatementOf<'approveDevice'>>,
  network: string,
  time: number | undefined,
  checks: SignatureChecks,
): DeviceProof & { device: string } {
  const jws = fitting('INVALID_PROOF', 'payload.device', () => parseCompactJws(approval.payload.device));
  const { alg: algorithm } = fitting('INVALID_PROOF', 'payload.device.header', () =>
    DeviceProofHeader.parse(parseUnambiguous(jws.header)),
  );
  const proof = fitting('INVALID_PROOF', 'payload.device.payload', () =>
    DeviceProof.parse(parseUnambiguous(jws.payload)),
  );
  checkKeyPair(proof.sig, proof.enc, checks);
  const own = algorithmOf(proof.sig);
  if (
    algorithm !== own ||
    proof.network !== network ||
    proof.organisation !== approval.payload.iss ||
    !checks.verifies(own, proof.sig, jws.signingInput, jws.signature)
  ) {
    throw new Failure('INVALID_PROOF', { at: 'payload.device' });
  }
  if (time !== undefined && (time > proof.exp * 1000 || time < (proof.exp - PROOF_SECONDS) * 1000 - 60_000)) {
    throw new Failure('INVALID_PROOF', { at: 'payload.device' });
  }
  return { ...proof, device: thumbprint(proof.sig) };
}
