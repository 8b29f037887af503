import {
  type AccessItem,
  type Basis,
  type Denial,
  type Device,
  type FailureCode,
  type Genesis,
  type Grant,
  type Kind,
  type LiveOpening,
  millisecondsOf,
  type Patient,
  type Power,
  type RecordState,
  type Relation,
  type Session,
  thumbprint,
} from '@chartkey/vocabulary';
import { type Ask, basisOf } from './basis.ts';
import { names } from './coverage.ts';
import { mayAct } from './standing/delegates.ts';
import { isOnProbation } from './standing/recovery.ts';
import { lostAt } from './standing/restraints.ts';

/** Everything that a decision about one access depends on. */
export interface AccessFacts {
  item: Pick<AccessItem, 'kind' | 'purpose'>;
  session: Pick<Session, 'until' | 'purposes' | 'practitioner' | 'role'>;
  /** the session's device */
  device: Device;
  genesis: Genesis;
  /** the record read; absent for a list */
  record?: Pick<RecordState, 'record' | 'custodian' | 'labels' | 'madeAt'>;
  /** for a list: does the asker's organisation hold a record of this patient? */
  isCustodian?: boolean;
  /** what stands about the patient; absent for a custodian that treats, which needs none of it */
  standing?: Patient;
  /** what the patient and the asker's organisation have with each other */
  relation: Relation;
  /** for an emergency: what the organisation has opened of this patient */
  openings?: readonly LiveOpening[];
  /** practitioner keys behind them that no longer stand, and why */
  fallen?: ReadonlyMap<string, FailureCode>;
  /** did the reader prove this very read with its own key? */
  isProven?: boolean;
  /** ledger time, milliseconds */
  time: number;
}

/** What was decided, and on what it rests: a grant, or another statement or request. */
export type AccessDecision =
  | { is: 'granted'; basis: Basis; grant?: Grant; ground?: string }
  | { is: 'denied'; code: FailureCode; ground?: string };

export const denied = (code: FailureCode, ground?: string): AccessDecision => ({
  is: 'denied',
  code,
  ...(ground !== undefined && { ground }),
});

/**
 * Decides one access of a device: session, device, organisations, freeze, kind, purpose, then the basis. The
 * order is the law's (each refusal names the first rule that fails).
 */
export function decideAccess(facts: AccessFacts): AccessDecision {
  const { item, session, device, genesis, record, standing, time } = facts;
  if (time > millisecondsOf(session.until)) return denied('SESSION_EXPIRED');
  const failing = deviceStanding(device, time);
  if (failing !== undefined) return denied(failing);
  const asker = memberIn(genesis, device.organisation);
  const custodian = record === undefined ? asker : memberIn(genesis, record.custodian);
  if (!asker || !custodian) return denied('ORGANISATION_UNKNOWN');
  const isTreating = isTreatingCustodian(facts);
  const frozen = isTreating || item.purpose === 'ETREAT' ? undefined : standing?.frozen;
  if (frozen) return denied('PATIENT_FROZEN', frozen.statement);
  if (asker.kind !== 'hospital') return denied('KIND_NOT_ALLOWED');
  if (!session.purposes.includes(item.purpose)) return denied('PURPOSE_NOT_ALLOWED');
  if (item.kind === 'read' && device.perRequestProof && !facts.isProven) return denied('PROOF_REQUIRED');
  if (isTreating) return { is: 'granted', basis: 'custodian' };
  return basisOf(askOf(facts), facts);
}

function askOf({ item, session, device, record, time }: AccessFacts): Ask {
  return {
    organisation: device.organisation,
    device: device.device,
    ...(device.department !== undefined && { department: device.department }),
    practitioner: session.practitioner ?? '',
    ...(session.role !== undefined && { role: session.role }),
    action: 'read',
    ...(record !== undefined && { record }),
    purposes: [item.purpose],
    time,
  };
}

/** What a decision about a person's own or delegated read depends on. */
export interface PersonFacts {
  item: Pick<AccessItem, 'purpose'>;
  session: Pick<Session, 'until' | 'id' | 'key'>;
  /** what stands about the reader */
  reader: Patient;
  /** what stands about the patient whose record it is; the reader itself for its own */
  standing: Patient;
  record: Labelled;
  time: number;
}

type Labelled = Pick<RecordState, 'record' | 'labels'>;

/** Decides a read by a patient or a delegate: end to end, so no gateway opens it on their authority. */
export function decidePersonsAccess(facts: PersonFacts): AccessDecision {
  const { item } = facts;
  const failing = personsStanding(facts);
  if (failing) return failing;
  // A person asks for itself or whom it acts for, and never seems to treat, to bill or to have broken glass.
  if (item.purpose !== 'PATRQT') return denied('PURPOSE_NOT_ALLOWED');
  return forItself(facts, 'read');
}

/** What a decision about a record that a person makes depends on. */
export interface PersonRecordingFacts extends Omit<PersonFacts, 'item'> {
  /** what the organisation is that would keep it */
  kind: Kind;
}

/** Decides whether a patient, or a delegate with the power to record, adds to the patient's own records. */
export function decidePersonsRecording(facts: PersonRecordingFacts): AccessDecision {
  const failing = personsStanding(facts);
  if (failing) return failing;
  return facts.kind === 'hospital' ? forItself(facts, 'record') : denied('KIND_NOT_ALLOWED');
}

/** Why a person may not act through a session at this time; undefined when it may. */
function personsStanding({
  session,
  reader,
  standing,
  time,
}: Omit<PersonFacts, 'item'>): AccessDecision | undefined {
  if (time > millisecondsOf(session.until)) return denied('SESSION_EXPIRED');
  if (!reader.keys.some(({ sig }) => thumbprint(sig) === session.key)) return denied('KEY_REVOKED');
  const frozen = reader.frozen ?? standing.frozen;
  if (frozen) return denied('PATIENT_FROZEN', frozen.statement);
  const isLost = (one: Patient, name: string) => lostAt(one, undefined, time).includes(name);
  if (isLost(reader, session.key ?? '') || isLost(standing, reader.patient)) return denied('SUSPECT_KEY');
  return isOnProbation(reader, time) ? denied('RECOVERY_PROBATION') : undefined;
}

/** A person acts for itself, or for a patient whose delegate it is and who hides nothing of this from it. */
function forItself(
  { reader, standing, record, time }: Omit<PersonFacts, 'item'>,
  power: Power,
): AccessDecision {
  if (reader.patient === standing.patient) return { is: 'granted', basis: 'patient' };
  const denial = standing.denials.find((one) => hidesFrom(one, reader.patient, record));
  if (denial) return denied('DENIED_BY_PATIENT', denial.denial);
  const delegate = standing.delegates.find((one) => mayAct(one, reader.patient, power, time));
  return delegate
    ? { is: 'granted', basis: 'delegate', ground: delegate.delegation }
    : denied('NOT_A_DELEGATE');
}

/** Does this denial hide a record from who acts for the patient? One that names nobody hides it from everybody. */
export function hidesFrom({ who, what }: Denial, person: string, record: Labelled): boolean {
  if (who !== undefined && !('person' in who && who.person === person)) return false;
  return what === undefined || names(what, record);
}

/** Why a device may not act at this time; undefined when it may. */
export function deviceStanding(
  device: Pick<Device, 'status' | 'validUntil'>,
  time: number,
): FailureCode | undefined {
  if (device.status === 'revoked') return 'DEVICE_REVOKED';
  const { validUntil } = device;
  return validUntil !== undefined && time > millisecondsOf(validUntil) ? 'DEVICE_EXPIRED' : undefined;
}

/** Needs no grant of the patient: a custodian that treats. So no grants need to be read for it. */
export function isTreatingCustodian({
  item,
  device,
  record,
  isCustodian,
}: Pick<AccessFacts, 'item' | 'isCustodian'> & {
  device: Pick<Device, 'organisation'>;
  record?: Pick<RecordState, 'custodian'>;
}): boolean {
  const own = record === undefined ? isCustodian === true : record.custodian === device.organisation;
  return own && item.purpose === 'TREAT';
}

function memberIn(genesis: Genesis, organisation: string) {
  return genesis.organisations.find((member) => member.id === organisation);
}
