import { hasEnded, isUsedUp } from '@chartkey/rules';
import {
  Corrects,
  Grant,
  instantAt,
  type ListedAccess,
  type ListedDevice,
  type ListedGrant,
  type ListedRecord,
  millisecondsOf,
} from '@chartkey/vocabulary';
import type { AccessFilter } from '../gateway.ts';
import type { AccessRow, DeviceRow, GrantRow, RecordRow } from './tables.ts';

export function listedAccess({ entry }: AccessRow): ListedAccess {
  return JSON.parse(entry) as ListedAccess;
}

/** Does a filter leave this entry? Times count with both ends. */
export function matches(filter: AccessFilter, entry: ListedAccess): boolean {
  const { from, to, ...same } = filter;
  if ((from !== undefined && entry.time < from) || (to !== undefined && entry.time > to)) return false;
  return Object.entries(same).every(
    ([name, value]) => value === undefined || entry[name as keyof typeof same] === value,
  );
}

export function listedRecord(row: RecordRow): ListedRecord {
  const { record, version, custodian, committed_at: committedAt, by_patient: byPatient, corrects } = row;
  return {
    ...{ record, version, custodian, committedAt },
    ...(byPatient === 1 && { byPatient: true }),
    ...(corrects !== null && { corrects: Corrects.parse(JSON.parse(corrects)) }),
  };
}

/** @param time milliseconds at which `status` is told */
export function listedGrant(row: GrantRow, time: number): ListedGrant {
  const grant = { ...Grant.parse(JSON.parse(row.facts)), uses: row.uses };
  const status = row.revoked_by === null ? grantStatus(grant, time) : 'revoked';
  return { ...grant, status, transaction: row.transaction };
}

function grantStatus(grant: Grant, time: number): ListedGrant['status'] {
  if (hasEnded(grant, time)) return 'expired';
  if (isUsedUp(grant)) return 'used-up';
  const begins = grant.notBefore;
  return begins !== undefined && time < millisecondsOf(begins) ? 'not-yet-valid' : 'live';
}

/** @param time milliseconds at which `status` is told; `validUntil` is the last instant of an approval */
export function listedDevice(row: DeviceRow, time: number): ListedDevice {
  const { device, approved_at: approvedAt, valid_until: validUntil } = row;
  const hasExpired = row.status === 'approved' && validUntil !== null && instantAt(time) > validUntil;
  return {
    device,
    use: row.use as ListedDevice['use'],
    status: hasExpired ? 'expired' : (row.status as 'approved' | 'revoked'),
    approvedAt,
    ...(validUntil !== null && { validUntil }),
  };
}
