import {
  type AccessItem,
  type Basis,
  type Device,
  type FailureCode,
  type Genesis,
  type Grant,
  type Member,
  millisecondsOf,
  type RecordState,
  type Session,
} from '@chartkey/vocabulary';
import { findCover } from './coverage.ts';

/** Everything that a decision about one access depends on. */
export interface AccessFacts {
  item: Pick<AccessItem, 'kind' | 'purpose'>;
  session: Pick<Session, 'until' | 'purposes' | 'practitioner'>;
  /** the session's device */
  device: Device;
  genesis: Genesis;
  /** the record read; absent for a list */
  record?: Pick<RecordState, 'record' | 'custodian'>;
  /** for a list: does the asker's organisation hold a record of this patient? */
  isCustodian?: boolean;
  /** the patient's live grants for the asker's organisation */
  grants: readonly Grant[];
  /** ledger time, milliseconds */
  time: number;
}

export type AccessDecision =
  | { is: 'granted'; basis: Basis; grant?: Grant }
  | { is: 'denied'; code: FailureCode };

const denied = (code: FailureCode): AccessDecision => ({ is: 'denied', code });

/**
 * Decides one access: session, device, organisations, kind, purpose, then the basis. The order is the
 * law's (each refusal names the first rule that fails).
 */
export function decideAccess(facts: AccessFacts): AccessDecision {
  const { item, session, device, genesis, record, time } = facts;
  if (time > millisecondsOf(session.until)) return denied('SESSION_EXPIRED');
  const standing = deviceStanding(device, time);
  if (standing !== undefined) return denied(standing);
  const asker = memberIn(genesis, device.organisation);
  const custodian = record === undefined ? asker : memberIn(genesis, record.custodian);
  if (!asker || !custodian) return denied('ORGANISATION_UNKNOWN');
  if (asker.kind !== 'hospital') return denied('KIND_NOT_ALLOWED');
  if (!session.purposes.includes(item.purpose)) return denied('PURPOSE_NOT_ALLOWED');
  if (item.purpose === 'ETREAT') return denied('BREAK_GLASS_REQUIRED');
  return findBasis(facts, asker);
}

/** Why a device may not act at this time; undefined when it may. */
export function deviceStanding(device: Device, time: number): FailureCode | undefined {
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
}: Pick<AccessFacts, 'item' | 'device' | 'record' | 'isCustodian'>): boolean {
  const own = record === undefined ? isCustodian === true : record.custodian === device.organisation;
  return own && item.purpose === 'TREAT';
}

function findBasis(facts: AccessFacts, asker: Member): AccessDecision {
  if (isTreatingCustodian(facts)) return { is: 'granted', basis: 'custodian' };
  const { item, session, device, record, grants, time } = facts;
  const found = findCover(grants, {
    organisation: asker.id,
    device: device.device,
    practitioner: session.practitioner ?? '',
    action: 'read',
    ...(record !== undefined && { record: record.record }),
    purposes: [item.purpose],
    time,
  });
  return 'grant' in found ? { is: 'granted', basis: 'grant', grant: found.grant } : denied(found.code);
}

function memberIn(genesis: Genesis, organisation: string): Member | undefined {
  return genesis.organisations.find((member) => member.id === organisation);
}
