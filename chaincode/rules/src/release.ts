import {
  Failure,
  type Genesis,
  type Grant,
  millisecondsOf,
  type P256Key,
  type PublicKey,
} from '@chartkey/vocabulary';
import { grantOf } from './coverage.ts';
import { checkDeviceProof } from './device.ts';
import { memberOf } from './genesis.ts';
import type { SignatureChecks } from './signature.ts';
import { checkSignature, type ReadStatement, readStatement } from './statement.ts';

/** What everything hangs on: the founders, and the cryptography. */
export interface Founded {
  network: string;
  genesis: Genesis;
  checks: SignatureChecks;
}

/** What a custodian knows without asking the ledger's state. */
export interface Trust extends Founded {
  /** was this grant (of a patient), device or practitioner key (of an organisation) ever revoked? */
  isRevoked(issuer: string, target: string): boolean;
  /**
   * statements that shaped what stands about a patient since its enrolment, in the ledger's order: its chain holds
   * these and no others. So of a device's renewals; an organisation's successions in any order
   */
  restrictionsOf(about: string): readonly string[];
}

/** A device as its organisation's master key approved it. */
export interface ApprovedDevice {
  device: string;
  organisation: string;
  sig: PublicKey;
  enc: P256Key;
  use: string;
  /** milliseconds; the last instant it is approved for */
  validUntil?: number;
  department?: string;
  perRequestProof?: true;
}

/**
 * Verifies genesis -> master key -> device from the approving statement alone. What it answers never
 * changes, so it may be kept; whether the device was revoked since is another question.
 * @param masterKey that was in force then, where it is not the founding one
 * @throws Failure when any link does not hold
 */
export function verifyApproval(
  approval: string,
  { network, genesis, checks }: Founded,
  masterKey?: P256Key,
): ApprovedDevice {
  const statement = readStatement(approval, 'approveDevice');
  const organisation = memberOf(genesis, statement.payload.iss);
  checkSignature(statement, masterKey ?? organisation.masterKey, network, checks);
  const { device, sig, enc, use } = checkDeviceProof(statement, network, undefined, checks);
  const { validUntil, department, perRequestProof } = statement.payload;
  return {
    device,
    organisation: organisation.id,
    sig,
    enc,
    use,
    ...(validUntil !== undefined && { validUntil: millisecondsOf(validUntil) }),
    ...(department !== undefined && { department }),
    ...(perRequestProof && { perRequestProof }),
  };
}

/** The grant that a statement makes, once its author was checked. @throws Failure NO_GRANT */
export function grantIn(statement: ReadStatement, patient: string): Grant {
  const { payload } = statement;
  if (payload.act !== 'grantConsent' && payload.act !== 'enrolPatient') throw new Failure('NO_GRANT');
  const about = ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
  const grant = grantOf(statement.id, payload);
  if (grant === undefined || about !== patient) throw new Failure('NO_GRANT');
  return grant;
}
