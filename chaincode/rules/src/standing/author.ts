import {
  type Act,
  type Approver,
  type Delegate,
  Failure,
  type FailureCode,
  millisecondsOf,
  type P256Key,
  type Patient,
  type PersonKey,
  type Power,
  type PractitionerKey,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import type { SignatureChecks } from '../signature.ts';
import { checkSignature, type ReadStatement } from '../statement.ts';
import { delegationOf } from './delegates.ts';
import { checkMaySignForOthers } from './restraints.ts';
import type { StandingAct } from './words.ts';

/** Who signed a statement, as far as its place in the patient's affairs goes. */
export type Author =
  | { is: 'patient'; key: string }
  | { is: 'delegate'; delegate: Delegate; key: string }
  | { is: 'practitioner'; key: PractitionerKey }
  | { is: 'person'; person: string }
  | { is: 'organisation'; organisation: string };

/** Where the keys of signers are found: the world state in the chaincode, proven statements in a gateway. */
export interface Signers {
  network: string;
  checks: SignatureChecks;
  /** undefined when nobody of this id is enrolled */
  person(id: string): Promise<Patient | undefined>;
  /** undefined when no such key was registered */
  practitioner(key: string): Promise<PractitionerKey | undefined>;
  /**
   * The master key in force.
   * @param kid the key that a statement names, where several may have been
   * @throws Failure ORGANISATION_UNKNOWN
   */
  masterKey(organisation: string, kid: string): Promise<P256Key>;
}

/** What a delegate needs to sign this for a patient; acts that are not here are the patient's alone. */
const powers: Partial<Record<Act, Power | 'any'>> = {
  grantConsent: 'grant',
  revokeConsent: 'grant',
  denyAccess: 'grant',
  liftDenial: 'grant',
  layRule: 'grant',
  liftRule: 'grant',
  lockForEmergencies: 'grant',
  liftLock: 'grant',
  setEmergencyCard: 'grant',
  approve: 'approve',
  refuse: 'approve',
  withdrawApproval: 'approve',
  freeze: 'any',
  unfreeze: 'any',
  vetoRecovery: 'any',
};

/**
 * Checks who signed a statement about a patient, and that the signer may: a key of the patient, or a live
 * delegate with the power it takes.
 * @param time ledger time, milliseconds
 * @throws Failure KEY_REVOKED, NOT_A_DELEGATE, SIGNATURE_INVALID, WRONG_NETWORK, PATIENT_UNKNOWN; and, by the
 * delegate's own affairs, PATIENT_FROZEN, SUSPECT_KEY, RECOVERY_PROBATION
 */
export async function patientsAuthor(
  statement: ReadStatement,
  patient: Patient,
  signers: Signers,
  time: number,
): Promise<Author> {
  const { act, iss } = statement.payload;
  if (iss === patient.patient) {
    checkPersonKey(statement, patient, signers);
    return { is: 'patient', key: statement.kid };
  }
  const person = await signers.person(iss);
  if (!person) throw new Failure('PATIENT_UNKNOWN');
  checkPersonKey(statement, person, signers);
  const power = powers[act];
  const delegate = power && delegationOf(patient, iss, power, time);
  if (!delegate) throw new Failure('NOT_A_DELEGATE');
  checkMaySignForOthers(person, statement.kid, act, time);
  return { is: 'delegate', delegate, key: statement.kid };
}

/**
 * Checks who signed a statement that persons, practitioners and organisations may sign alike.
 * @throws Failure as above; PRACTITIONER_REVOKED, PRACTITIONER_EXPIRED, CLIENT_UNKNOWN
 */
export async function anybodysAuthor(
  statement: ReadStatement,
  signers: Signers,
  time: number,
): Promise<Author> {
  const { act, iss } = statement.payload;
  if (!/^[A-Za-z0-9_-]{43}$/.test(iss)) {
    checkSignature(statement, await signers.masterKey(iss, statement.kid), signers.network, signers.checks);
    return { is: 'organisation', organisation: iss };
  }
  const person = await signers.person(iss);
  if (!person) return practitionersAuthor(statement, signers, time);
  checkPersonKey(statement, person, signers);
  checkMaySignForOthers(person, statement.kid, act, time);
  return { is: 'person', person: iss };
}

/**
 * Checks that a registered practitioner key signed.
 * @throws Failure PRACTITIONER_UNKNOWN, PRACTITIONER_REVOKED, PRACTITIONER_EXPIRED, SIGNATURE_INVALID
 */
export async function practitionersAuthor(
  statement: ReadStatement,
  signers: Signers,
  time: number,
): Promise<Extract<Author, { is: 'practitioner' }>> {
  const key = await signers.practitioner(statement.payload.iss);
  if (!key) throw new Failure('PRACTITIONER_UNKNOWN');
  checkSignature(statement, key.sig, signers.network, signers.checks);
  const failing = practitionerStanding(key, time);
  if (failing !== undefined) throw new Failure(failing);
  return { is: 'practitioner', key };
}

/** Why a practitioner's key may not act at this time; undefined when it may. */
export function practitionerStanding(
  { status, validUntil }: Pick<PractitionerKey, 'status' | 'validUntil'>,
  time: number,
): FailureCode | undefined {
  if (status === 'revoked') return 'PRACTITIONER_REVOKED';
  return time > millisecondsOf(validUntil) ? 'PRACTITIONER_EXPIRED' : undefined;
}

/** The principal that an author's approval counts for: an organisation once, however many practitioners sign. */
export function principalOf(author: Author): Approver {
  switch (author.is) {
    case 'practitioner':
      return { organisation: author.key.organisation };
    case 'organisation':
      return { organisation: author.organisation };
    case 'person':
      return { person: author.person };
    default:
      throw new Failure('NOT_AN_APPROVER');
  }
}

/** The live key of a person that a statement names. @throws Failure KEY_REVOKED, SIGNATURE_INVALID */
function checkPersonKey(statement: ReadStatement, { keys }: Patient, signers: Signers): void {
  const key = keyNamed(keys, statement.kid);
  if (!key) throw new Failure('KEY_REVOKED');
  checkSignature(statement, key.sig, signers.network, signers.checks);
}

/** The key of this thumbprint, if it signs now. */
export function keyNamed(keys: readonly PersonKey[], id: string): PersonKey | undefined {
  return keys.find(({ sig }) => thumbprint(sig) === id);
}

/**
 * Who signed a statement that changes what stands about a patient, checked.
 * @throws Failure as the others here
 */
export async function standingAuthor(
  statement: ReadStatement<StatementOf<StandingAct>>,
  patient: Patient,
  signers: Signers,
  time: number,
): Promise<Author> {
  switch (statement.payload.act) {
    case 'attestDelegate':
      return practitionersAuthor(statement, signers, time);
    case 'startRecovery':
      return anybodysAuthor(statement, signers, time);
    case 'confirmRecovery':
    case 'completeRecovery':
      return recoveredKeyAuthor(statement, patient, signers);
    default:
      return patientsAuthor(statement, patient, signers, time);
  }
}

/**
 * The new key of a recovery that is under way signs for itself.
 * @throws Failure RECOVERY_UNKNOWN, SIGNATURE_INVALID
 */
export function recoveredKeyAuthor(
  statement: ReadStatement,
  { recovery }: Patient,
  signers: Signers,
): Author {
  if (!recovery) throw new Failure('RECOVERY_UNKNOWN');
  checkSignature(statement, recovery.sig, signers.network, signers.checks);
  return { is: 'patient', key: statement.kid };
}
