import {
  type AccessEntry,
  Failure,
  type Genesis,
  type Grant,
  millisecondsOf,
  type P256Key,
  type PublicKey,
} from '@chartkey/vocabulary';
import { covers, grantOf } from './coverage.ts';
import { checkDeviceProof } from './device.ts';
import { checkEnrolment } from './enrolment.ts';
import { memberOf } from './genesis.ts';
import type { SignatureChecks } from './signature.ts';
import { checkSignature, readStatement } from './statement.ts';

/** What everything hangs on: the founders, and the cryptography. */
export interface Founded {
  network: string;
  genesis: Genesis;
  checks: SignatureChecks;
}

/** What a custodian knows without asking the ledger's state. */
export interface Trust extends Founded {
  /** was this grant (of a patient) or device (of an organisation) ever revoked? */
  isRevoked(issuer: string, target: string): boolean;
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
}

/**
 * Verifies genesis -> master key -> device from the approving statement alone. What it answers never
 * changes, so it may be kept; whether the device was revoked since is another question.
 * @throws Failure when any link does not hold
 */
export function verifyApproval(approval: string, { network, genesis, checks }: Founded): ApprovedDevice {
  const statement = readStatement(approval, 'approveDevice');
  const organisation = memberOf(genesis, statement.payload.iss);
  checkSignature(statement, organisation.masterKey, network, checks);
  const { device, sig, enc, use } = checkDeviceProof(statement, network, undefined, checks);
  const { validUntil } = statement.payload;
  return {
    device,
    organisation: organisation.id,
    sig,
    enc,
    use,
    ...(validUntil !== undefined && { validUntil: millisecondsOf(validUntil) }),
  };
}

/** A patient as the enrolling statement made it. */
export interface EnrolledPatient {
  patient: string;
  sig: P256Key;
}

/** Verifies patient id -> key from the enrolment alone. @throws Failure when it does not hold */
export function verifyEnrolment(enrolment: string, { network, checks }: Founded): EnrolledPatient {
  const statement = readStatement(enrolment, 'enrolPatient');
  checkEnrolment(statement, network, checks);
  const { iss: patient, sig } = statement.payload;
  return { patient, sig };
}

/** Verifies key -> grant from the granting statement alone. @throws Failure when it does not hold */
export function verifyGrant(
  statementOfGrant: string,
  { patient, sig }: EnrolledPatient,
  { network, checks }: Founded,
): Grant {
  const statement = readStatement(statementOfGrant, 'grantConsent', 'enrolPatient');
  checkSignature(statement, sig, network, checks);
  const grant = grantOf(statement.id, statement.payload);
  if (grant === undefined || statement.payload.iss !== patient) throw new Failure('NO_GRANT');
  return grant;
}

/**
 * Checks that an entry's basis stands: the patient's own permission, or the custodian's own record. State's
 * word is not asked.
 * @param proven the patient, and the grant where the basis is one, as verified from their statements
 * @throws Failure when it does not stand
 */
export function checkBasis(
  entry: AccessEntry,
  custodian: string,
  proven: { patient: EnrolledPatient; grant?: Grant | undefined },
  trust: Trust,
): void {
  if (proven.patient.patient !== entry.patient) throw new Failure('PATIENT_UNKNOWN');
  if (memberOf(trust.genesis, entry.organisation).kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
  if (entry.purpose === 'ETREAT') throw new Failure('BREAK_GLASS_REQUIRED');
  if (entry.basis === 'custodian') {
    if (entry.organisation !== custodian || entry.purpose !== 'TREAT') throw new Failure('NO_GRANT');
    return;
  }
  const { grant } = proven;
  if (grant === undefined || grant.grant !== entry.grant) throw new Failure('NO_GRANT');
  if (trust.isRevoked(entry.patient, grant.grant)) throw new Failure('NO_GRANT');
  const answer = covers(grant, {
    organisation: entry.organisation,
    device: entry.device,
    practitioner: entry.practitioner,
    action: 'read',
    ...(entry.record !== undefined && { record: entry.record }),
    purposes: [entry.purpose],
    time: millisecondsOf(entry.time),
  });
  if (answer !== 'covered') throw new Failure(answer);
}
