import {
  type AccessEntry,
  Failure,
  type Genesis,
  millisecondsOf,
  type P256Key,
  type PublicKey,
  thumbprint,
} from '@chartkey/vocabulary';
import { covers, grantOf } from './coverage.ts';
import { checkDeviceProof } from './device.ts';
import { checkEnrolment } from './enrolment.ts';
import { memberOf } from './genesis.ts';
import type { SignatureChecks } from './signature.ts';
import { checkSignature, readStatement } from './statement.ts';

/** What a custodian knows without asking the ledger's state. */
export interface Trust {
  network: string;
  genesis: Genesis;
  /** was this grant (of a patient) or device (of an organisation) ever revoked? */
  isRevoked(issuer: string, target: string): boolean;
  checks: SignatureChecks;
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
 * Verifies genesis -> master key -> device from the approving statement alone.
 * @throws Failure when any link does not hold
 */
export function checkApproval(approval: string, trust: Trust): ApprovedDevice {
  const statement = readStatement(approval, 'approveDevice');
  const organisation = memberOf(trust.genesis, statement.payload.iss);
  checkSignature(statement, organisation.masterKey, trust.network, trust.checks);
  const { device, sig, enc, use } = checkDeviceProof(statement, trust.network, undefined, trust.checks);
  if (trust.isRevoked(organisation.id, device)) throw new Failure('DEVICE_REVOKED');
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

/**
 * Verifies, from statements alone, that an entry's basis stands: the patient's own permission, or the
 * custodian's own record. State's word is not asked.
 * @param statements compact JWS of the patient's enrolment, and of the grant where the basis is one
 * @throws Failure when it does not stand
 */
export function checkBasis(
  entry: AccessEntry,
  custodian: string,
  statements: { enrolment: string; grant?: string | undefined },
  trust: Trust,
): void {
  const enrolment = readStatement(statements.enrolment, 'enrolPatient');
  checkEnrolment(enrolment, trust.network, trust.checks);
  if (enrolment.payload.iss !== entry.patient) throw new Failure('PATIENT_UNKNOWN');
  if (memberOf(trust.genesis, entry.organisation).kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
  if (entry.purpose === 'ETREAT') throw new Failure('BREAK_GLASS_REQUIRED');
  if (entry.basis === 'custodian') {
    if (entry.organisation !== custodian || entry.purpose !== 'TREAT') throw new Failure('NO_GRANT');
    return;
  }
  if (statements.grant === undefined) throw new Failure('NO_GRANT');
  const statement = readStatement(statements.grant, 'grantConsent', 'enrolPatient');
  checkSignature(statement, enrolment.payload.sig, trust.network, trust.checks);
  const grant = grantOf(statement.id, statement.payload);
  const ours = statement.payload.iss === entry.patient && grant !== undefined && grant.grant === entry.grant;
  if (!ours || thumbprint(enrolment.payload.sig) !== entry.patient) throw new Failure('NO_GRANT');
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
