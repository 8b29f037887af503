import {
  type Action,
  type Grant,
  type Grantee,
  millisecondsOf,
  type Named,
  type Purpose,
  type RecordState,
  type Relation,
  type Role,
  type Scope,
  type StatementOf,
} from '@chartkey/vocabulary';

/** What somebody wants to do under a patient's word. A list names no record. */
export interface Ask {
  organisation: string;
  device: string;
  /** as the device was approved */
  department?: string;
  practitioner: string;
  role?: Role;
  action: Action;
  record?: Pick<RecordState, 'record' | 'labels' | 'madeAt'>;
  /** one for a read; a recording is covered when one of the session's purposes is */
  purposes: readonly Purpose[];
  /** ledger time, milliseconds */
  time: number;
}

export type Miss =
  | 'NO_GRANT'
  | 'TREATMENT_REQUIRED'
  | 'ACTION_NOT_GRANTED'
  | 'PURPOSE_NOT_GRANTED'
  | 'GRANT_NOT_YET_VALID'
  | 'GRANT_EXPIRED'
  | 'USES_EXHAUSTED';

/** From the farthest miss to the nearest: the code that a refusal names is the nearest of all grants. */
const nearness: readonly Miss[] = [
  'NO_GRANT',
  'TREATMENT_REQUIRED',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_EXPIRED',
  'GRANT_NOT_YET_VALID',
  'USES_EXHAUSTED',
];

type Asker = Pick<Ask, 'organisation' | 'device' | 'department' | 'practitioner' | 'role'>;
type MembersOf = Exclude<Grantee, { treating: true }>;

/** Is the asker one of these? Each narrowing must fit. */
export function isAmong(members: MembersOf, ask: Asker): boolean {
  const { organisation, department, role, device, practitioner } = members;
  return (
    organisation === ask.organisation &&
    (department === undefined || department === ask.department) &&
    (role === undefined || role === ask.role) &&
    (device === undefined || device === ask.device) &&
    (practitioner === undefined || practitioner === ask.practitioner)
  );
}

/** Is the record named, by itself or by one of its labels? */
export function names({ records, labels }: Named, record: Pick<RecordState, 'record' | 'labels'>): boolean {
  return (
    records?.includes(record.record) === true ||
    labels?.some((label) => record.labels.includes(label)) === true
  );
}

/** Does a scope hold a record? A list, which names none, is in every scope. */
export function isInScope(scope: Scope, record: Ask['record']): boolean {
  if (scope === 'all' || record === undefined) return true;
  const { records, labels, madeFrom, except } = scope;
  const isNamed = (records === undefined && labels === undefined) || names({ records, labels }, record);
  if (!isNamed || (except !== undefined && names(except, record))) return false;
  return madeFrom === undefined || millisecondsOf(record.madeAt) >= millisecondsOf(madeFrom);
}

/**
 * Does this grant cover this ask? `covered`, or what is missing first.
 * @param treatment the organisation's declared treatment of the patient, if any
 */
export function covers(grant: Grant, ask: Ask, treatment?: Relation['treatment']): 'covered' | Miss {
  const { grantee, scope } = grant;
  const isGrantee =
    'treating' in grantee ? grantee.role === undefined || grantee.role === ask.role : isAmong(grantee, ask);
  if (!isGrantee || !isInScope(scope, ask.record)) return 'NO_GRANT';
  const isTreating = treatment !== undefined && ask.time <= millisecondsOf(treatment.until);
  if ('treating' in grantee && !isTreating) return 'TREATMENT_REQUIRED';
  if (!grant.actions.includes(ask.action)) return 'ACTION_NOT_GRANTED';
  if (!ask.purposes.some((purpose) => grant.purposes.includes(purpose))) return 'PURPOSE_NOT_GRANTED';
  if (grant.notBefore !== undefined && ask.time < millisecondsOf(grant.notBefore))
    return 'GRANT_NOT_YET_VALID';
  if (hasEnded(grant, ask.time)) return 'GRANT_EXPIRED';
  if (isUsedUp(grant)) return 'USES_EXHAUSTED';
  return 'covered';
}

/** Is the grant's time over? `notAfter` is the last instant it is good for. */
export function hasEnded(grant: Grant, time: number): boolean {
  return grant.notAfter !== undefined && time > millisecondsOf(grant.notAfter);
}

export function isUsedUp(grant: Grant): boolean {
  return grant.maxUses !== undefined && grant.uses >= grant.maxUses;
}

/**
 * The grant that covers an ask, one without a limit of uses before one with; or the nearest miss.
 */
export function findCover(
  grants: readonly Grant[],
  ask: Ask,
  treatment?: Relation['treatment'],
): { grant: Grant } | { code: Miss } {
  let counted: Grant | undefined;
  const misses: Miss[] = [];
  for (const grant of grants) {
    const answer = covers(grant, ask, treatment);
    if (answer === 'covered') {
      if (grant.maxUses === undefined) return { grant };
      counted ??= grant;
    } else misses.push(answer);
  }
  return counted ? { grant: counted } : { code: nearestMiss(misses) };
}

/** The miss that was nearest to a grant; NO_GRANT of none. */
export function nearestMiss(misses: readonly Miss[]): Miss {
  const nearest = Math.max(0, ...misses.map((miss) => nearness.indexOf(miss)));
  return nearness[nearest] ?? 'NO_GRANT';
}

/** Is this what a grant could mend? */
export const isMiss = (code: string): code is Miss => nearness.some((miss) => miss === code);

/** The decision facts of the grant that a statement makes; undefined for an enrolment without a recorder. */
export function grantOf(
  id: string,
  payload: StatementOf<'grantConsent' | 'enrolPatient'>,
): Grant | undefined {
  if (payload.act === 'enrolPatient') {
    if (payload.recorder === undefined) return undefined;
    return {
      grant: id,
      grantee: { organisation: payload.recorder },
      scope: 'all',
      actions: ['read', 'record'],
      purposes: ['TREAT'],
      uses: 0,
    };
  }
  const { grantee, scope, actions, purposes, notBefore, notAfter, maxUses, passOn } = payload;
  return {
    grant: id,
    grantee,
    scope,
    actions,
    purposes,
    ...(notBefore !== undefined && { notBefore }),
    ...(notAfter !== undefined && { notAfter }),
    ...(maxUses !== undefined && { maxUses }),
    ...(passOn && { passOn }),
    uses: 0,
  };
}
