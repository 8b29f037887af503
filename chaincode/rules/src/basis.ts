import {
  type Approved,
  type Denial,
  type FailureCode,
  type LiveOpening,
  type Lock,
  millisecondsOf,
  type Patient,
  type Relation,
} from '@chartkey/vocabulary';
import type { AccessDecision } from './access.ts';
import { findApproved, rulesOn } from './approved.ts';
import { type Ask, findCover, isAmong, names } from './coverage.ts';

export type { Ask } from './coverage.ts';

/** What a basis is looked for in. */
export interface BasisFacts {
  standing?: Patient;
  relation: Relation;
  openings?: readonly LiveOpening[];
  /** practitioner keys behind them that no longer stand, and why */
  fallen?: ReadonlyMap<string, FailureCode>;
}

/**
 * What lets an organisation do this: in an emergency a broken glass; else the patient's word, where a denial
 * beats every rule and grant, and a rule every grant. Several denials, rules or grants: the first that fits.
 */
export function basisOf(ask: Ask, facts: BasisFacts): AccessDecision {
  const { standing, relation } = facts;
  if (ask.purposes.length === 1 && ask.purposes[0] === 'ETREAT') return emergencyBasis(ask, facts);
  const denial = standing?.denials.find((one) => denies(one, ask));
  if (denial) return { is: 'denied', code: 'DENIED_BY_PATIENT', ground: denial.denial };
  const ruled = ask.action === 'read' ? approvedBasis(ask, facts) : undefined;
  if (ruled) return ruled;
  const found = findCover(relation.grants.concat(standing?.treating ?? []), ask, relation.treatment);
  return 'grant' in found
    ? { is: 'granted', basis: 'grant', grant: found.grant }
    : { is: 'denied', code: found.code };
}

/** Does this denial shut an organisation out from this? One that names records says nothing about a list. */
export function denies({ who, what }: Denial, ask: Ask): boolean {
  if (who !== undefined && ('person' in who || !isAmong(who, ask))) return false;
  return what === undefined || (ask.record !== undefined && names(what, ask.record));
}

/** Undefined when no rule speaks of the record; each rule that does must have been satisfied. */
function approvedBasis(ask: Ask, { standing, relation }: BasisFacts): AccessDecision | undefined {
  const { record } = ask;
  if (record === undefined || standing === undefined) return undefined;
  let last: Approved | undefined;
  for (const { rule } of rulesOn(standing, record)) {
    last = findApproved(relation.approved, { ...ask, rule, record: record.record });
    if (!last) return { is: 'denied', code: 'APPROVAL_REQUIRED', ground: rule };
  }
  return last && { is: 'granted', basis: 'approval', ground: last.request };
}

/** What opened it must stand now: its time, its practitioner's key, and behind a lock a second one's. */
function emergencyBasis(
  ask: Ask,
  { standing, openings = [], fallen = new Map() }: BasisFacts,
): AccessDecision {
  if (ask.action !== 'read') return { is: 'denied', code: 'PURPOSE_NOT_ALLOWED' };
  const own = openings.filter(
    ({ practitioner, device }) => practitioner === ask.practitioner && device === ask.device,
  );
  const timely = own.filter(({ until }) => ask.time <= millisecondsOf(until));
  const [first] = timely;
  if (!first) return { is: 'denied', code: own.length > 0 ? 'BREAK_GLASS_OVER' : 'BREAK_GLASS_REQUIRED' };
  const live = timely.filter(({ key }) => !fallen.has(key));
  if (live.length === 0) {
    return { is: 'denied', code: fallen.get(first.key) ?? 'PRACTITIONER_REVOKED', ground: first.opening };
  }
  const lock = isCard(ask, standing) ? undefined : standing?.locks.find((one) => locks(one, ask));
  const opening = lock ? live.find(({ second }) => second !== undefined && !fallen.has(second)) : live[0];
  if (!opening) return { is: 'denied', code: 'SECOND_KEY_REQUIRED', ...(lock && { ground: lock.lock }) };
  return { is: 'granted', basis: 'break-glass', ground: opening.opening };
}

const isCard = ({ record }: Ask, standing: Patient | undefined) =>
  record !== undefined && record.record === standing?.card;

/** A list of what is locked takes the second key only where all is locked. */
function locks({ what }: Lock, { record }: Ask): boolean {
  return what === 'all' || (record !== undefined && names(what, record));
}
