import type { AccessFilter } from '../gateway.ts';
import type { Database } from './database.ts';
import type { AccessRow, DeviceRow, GrantRow, RecordRow } from './tables.ts';

/** Block and place in it: the order of the chain. */
export type PlaceKey = [block: number, nth: number];
/** An entry's time, then its place: the order in which time ranges are read. */
export type TimeKey = [time: string, block: number, nth: number];

/** Entries about a patient. This and the next: newest first, after a key, `limit` at most, by an index. */
export function patientAccesses(
  database: Database,
  patient: string,
  after: PlaceKey | undefined,
  limit: number,
): Promise<AccessRow[]> {
  let query = database.selectFrom('accesses').selectAll().where('patient', '=', patient);
  if (after) query = query.where((is) => is(is.refTuple('block', 'nth'), '<', is.tuple(...after)));
  return query.orderBy('block', 'desc').orderBy('nth', 'desc').limit(limit).execute();
}

/** Entries in a range of time, of one device or of all; the filter's other members are not looked at. */
export function accessesInTime(
  database: Database,
  { device, from, to }: AccessFilter,
  after: TimeKey | undefined,
  limit: number,
): Promise<AccessRow[]> {
  let query = database.selectFrom('accesses').selectAll();
  if (device !== undefined) query = query.where('device', '=', device);
  if (from !== undefined) query = query.where('time', '>=', from);
  if (to !== undefined) query = query.where('time', '<=', to);
  if (after) query = query.where((is) => is(is.refTuple('time', 'block', 'nth'), '<', is.tuple(...after)));
  return query.orderBy('time', 'desc').orderBy('block', 'desc').orderBy('nth', 'desc').limit(limit).execute();
}

export function patientRecords(
  database: Database,
  patient: string,
  after: PlaceKey | undefined,
  limit: number,
): Promise<RecordRow[]> {
  let query = database.selectFrom('records').selectAll().where('patient', '=', patient);
  if (after) query = query.where((is) => is(is.refTuple('block', 'nth'), '<', is.tuple(...after)));
  return query.orderBy('block', 'desc').orderBy('nth', 'desc').limit(limit).execute();
}

export function patientGrants(
  database: Database,
  patient: string,
  after: PlaceKey | undefined,
  limit: number,
): Promise<GrantRow[]> {
  let query = database.selectFrom('grants').selectAll().where('patient', '=', patient);
  if (after) query = query.where((is) => is(is.refTuple('block', 'nth'), '<', is.tuple(...after)));
  return query.orderBy('block', 'desc').orderBy('nth', 'desc').limit(limit).execute();
}

export function organisationDevices(
  database: Database,
  organisation: string,
  after: PlaceKey | undefined,
  limit: number,
): Promise<DeviceRow[]> {
  let query = database.selectFrom('devices').selectAll().where('organisation', '=', organisation);
  if (after) query = query.where((is) => is(is.refTuple('block', 'nth'), '<', is.tuple(...after)));
  return query.orderBy('block', 'desc').orderBy('nth', 'desc').limit(limit).execute();
}
