import {
  type Action,
  type FailureCode,
  type Grant,
  millisecondsOf,
  type Purpose,
  type StatementOf,
} from '@chartkey/vocabulary';

/** What somebody wants to do under a patient's grants. A list names no record. */
export interface Ask {
  organisation: string;
  device: string;
  practitioner: string;
  action: Action;
  record?: string;
  /** one for a read; a recording is covered when one of the session's purposes is */
  purposes: readonly Purpose[];
  /** ledger time, milliseconds */
  time: number;
}

type Miss =
  | 'NO_GRANT'
  | 'ACTION_NOT_GRANTED'
  | 'PURPOSE_NOT_GRANTED'
  | 'GRANT_NOT_YET_VALID'
  | 'GRANT_EXPIRED'
  | 'USES_EXHAUSTED';

/** From the farthest miss to the nearest: the code that a refusal names is the nearest of all grants. */
const nearness: readonly Miss[] = [
  'NO_GRANT',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_EXPIRED',
  'GRANT_NOT_YET_VALID',
  'USES_EXHAUSTED',
];

/** Does this grant cover this ask? `covered`, or what is missing first. */
export function covers(grant: Grant, ask: Ask): 'covered' | Miss {
  const { grantee, scope } = grant;
  const isGrantee =
    grantee.organisation === ask.organisation &&
    (grantee.device === undefined || grantee.device === ask.device) &&
    (grantee.practitioner === undefined || grantee.practitioner === ask.practitioner);
  const inScope = scope === 'all' || ask.record === undefined || scope.records.includes(ask.record);
  if (!isGrantee || !inScope) return 'NO_GRANT';
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
export function findCover(grants: readonly Grant[], ask: Ask): { grant: Grant } | { code: FailureCode } {
  let counted: Grant | undefined;
  let nearest = 0;
  for (const grant of grants) {
    const answer = covers(grant, ask);
    if (answer === 'covered') {
      if (grant.maxUses === undefined) return { grant };
      counted ??= grant;
    } else nearest = Math.max(nearest, nearness.indexOf(answer));
  }
  return counted ? { grant: counted } : { code: nearness[nearest] ?? 'NO_GRANT' };
}

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
  const { grantee, scope, actions, purposes, notBefore, notAfter, maxUses } = payload;
  return {
    grant: id,
    grantee,
    scope,
    actions,
    purposes,
    ...(notBefore !== undefined && { notBefore }),
    ...(notAfter !== undefined && { notAfter }),
    ...(maxUses !== undefined && { maxUses }),
    uses: 0,
  };
}
