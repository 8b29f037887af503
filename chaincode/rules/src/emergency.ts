import {
  type BreakGlassCount,
  type Device,
  type Dispute,
  Failure,
  type Genesis,
  instantAt,
  type LiveOpening,
  millisecondsOf,
  type Opening,
  type PractitionerKey,
  type StatementOf,
} from '@chartkey/vocabulary';
import { deviceStanding } from './access.ts';
import { memberOf } from './genesis.ts';
import { checkHospital } from './grants.ts';
import type { ReadStatement } from './statement.ts';

const DAY = 86_400_000;
/** Milliseconds until an opening must have been reviewed: 7 days. */
export const REVIEW_MILLISECONDS = 7 * DAY;
/** Openings of one patient by one organisation that an access reads; ended ones make room. */
const MOST_LIVE = 32;

/** Whose openings are counted. A practitioner's are counted over all of its keys. */
export type Counted = 'practitioner' | 'device' | 'organisation';
/** Openings in 24 hours, at most. */
export const OPENING_LIMITS: Readonly<Record<Counted, number>> = {
  practitioner: 5,
  device: 20,
  organisation: 100,
};
export type Counts = Record<Counted, BreakGlassCount>;

/** One act of a practitioner in an emergency: its statement, the key that signed it, and when. */
export interface EmergencyAct<Verb extends 'openBreakGlass' | 'secondBreakGlass' | 'reviewBreakGlass'> {
  statement: ReadStatement<StatementOf<Verb>>;
  /** stands, and made the signature */
  key: PractitionerKey;
  genesis: Genesis;
  /** ledger time, milliseconds */
  time: number;
}

/** A practitioner as its organisation knows it, whatever its keys: how its openings are counted. */
export function practitionerName({ organisation, practitioner }: PractitionerKey | Opening): string {
  return `${organisation} ${practitioner}`;
}

/**
 * Physicians and nurses of hospitals break glass and stand behind it.
 * @throws Failure KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED
 */
export function checkMayBreakGlass({ organisation, role }: PractitionerKey, genesis: Genesis): void {
  checkHospital(genesis, organisation);
  if (role !== 'physician' && role !== 'nurse') throw new Failure('ROLE_NOT_ALLOWED');
}

/**
 * When an opening ends at the latest, by its statement alone: so long after its `iat`. Whoever holds it back
 * wastes its minutes.
 */
export function latestEnd({ iat, minutes }: StatementOf<'openBreakGlass'>): number {
  return iat * 1000 + minutes * 60_000;
}

/**
 * Breaks the glass: the opening, and the counts with it.
 * @param counts as they stand
 * @throws Failure KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED, DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_EXPIRED,
 * BREAK_GLASS_OVER, REVIEW_OVERDUE, BREAK_GLASS_LIMIT
 */
export function openGlass(
  { statement, key, genesis, time }: EmergencyAct<'openBreakGlass'>,
  device: Device,
  counts: Counts,
): { opening: Opening; counts: Counts } {
  const { payload, id } = statement;
  checkMayBreakGlass(key, genesis);
  if (device.organisation !== key.organisation) throw new Failure('DEVICE_UNKNOWN');
  const failing = deviceStanding(device, time);
  if (failing !== undefined) throw new Failure(failing);
  const until = Math.min(latestEnd(payload), time + payload.minutes * 60_000);
  if (until <= time) throw new Failure('BREAK_GLASS_OVER');
  const overdue = counts.practitioner.unreviewed.find(({ reviewBy }) => time > millisecondsOf(reviewBy));
  if (overdue) throw new Failure('REVIEW_OVERDUE', { opening: overdue.opening });
  const reviewBy = instantAt(time + REVIEW_MILLISECONDS);
  const { patient, reason, text } = payload;
  const { organisation, practitioner } = key;
  return {
    opening: {
      ...{ opening: id, patient, organisation, key: key.key, practitioner, device: device.device },
      ...{ reason, text, openedAt: instantAt(time), until: instantAt(until), reviewBy },
    },
    counts: {
      practitioner: {
        ...counted('practitioner', counts, time),
        unreviewed: [...counts.practitioner.unreviewed, { opening: id, reviewBy }],
      },
      device: counted('device', counts, time),
      organisation: counted('organisation', counts, time),
    },
  };
}

/** @throws Failure BREAK_GLASS_LIMIT */
function counted(of: Counted, counts: Counts, time: number): BreakGlassCount {
  const { times, unreviewed } = counts[of];
  const recent = times.filter((one) => time - millisecondsOf(one) < DAY);
  if (recent.length >= OPENING_LIMITS[of]) throw new Failure('BREAK_GLASS_LIMIT', { of });
  return { times: [...recent, instantAt(time)], unreviewed };
}

/**
 * A second practitioner stands behind a live opening.
 * @throws Failure NOT_YOURS, KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED, SAME_PRACTITIONER, ALREADY_SECONDED,
 * BREAK_GLASS_OVER
 */
export function secondGlass(
  opening: Opening,
  { statement, key, genesis, time }: EmergencyAct<'secondBreakGlass'>,
): Opening {
  checkIsSecond(opening, key, genesis);
  if (opening.second) throw new Failure('ALREADY_SECONDED');
  if (time > millisecondsOf(opening.until)) throw new Failure('BREAK_GLASS_OVER');
  return { ...opening, second: { statement: statement.id, key: key.key, practitioner: key.practitioner } };
}

/**
 * May this practitioner stand behind another's opening?
 * @throws Failure NOT_YOURS, SAME_PRACTITIONER, KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED
 */
export function checkIsSecond(
  { organisation, practitioner }: Pick<Opening, 'organisation' | 'practitioner'>,
  key: PractitionerKey,
  genesis: Genesis,
): void {
  if (key.organisation !== organisation) throw new Failure('NOT_YOURS');
  if (key.practitioner === practitioner) throw new Failure('SAME_PRACTITIONER');
  checkMayBreakGlass(key, genesis);
}

/**
 * A reviewer closes an opening; an unjustified one ends at once and is a dispute.
 * @throws Failure NOT_YOURS, SAME_PRACTITIONER, ROLE_NOT_ALLOWED, ALREADY_REVIEWED
 */
export function reviewGlass(
  opening: Opening,
  { statement, key, genesis, time }: EmergencyAct<'reviewBreakGlass'>,
): { opening: Opening; dispute?: Dispute } {
  checkIsReviewer(opening, key, genesis);
  if (opening.review) throw new Failure('ALREADY_REVIEWED');
  const { justified, reason } = statement.payload;
  const at = instantAt(time);
  const { id } = statement;
  const review = { statement: id, organisation: key.organisation, key: key.key, justified, reason, at };
  if (justified) return { opening: { ...opening, review } };
  const { patient, organisation } = opening;
  return {
    opening: { ...opening, review, until: earlier(opening.until, at) },
    dispute: {
      ...{ dispute: id, about: 'break-glass', opening: opening.opening },
      ...{ patient, organisation, openedAt: at, status: 'open' },
    },
  };
}

function checkIsReviewer(opening: Opening, key: PractitionerKey, genesis: Genesis): void {
  const isRegulators = memberOf(genesis, key.organisation).kind === 'regulator';
  const isOwn = key.organisation === opening.organisation;
  if (!isOwn && !isRegulators) throw new Failure('NOT_YOURS');
  const took = [opening.practitioner, opening.second?.practitioner];
  if (isOwn && took.includes(key.practitioner)) throw new Failure('SAME_PRACTITIONER');
  const mayReview = key.role === 'privacy-officer' || (isRegulators && key.role === 'auditor');
  if (!mayReview) throw new Failure('ROLE_NOT_ALLOWED');
}

const earlier = (one: string, other: string) => (millisecondsOf(one) < millisecondsOf(other) ? one : other);

/** What an access reads of an opening. */
export function liveOpeningOf({ opening, key, practitioner, device, until, second }: Opening): LiveOpening {
  return { opening, key, practitioner, device, until, ...(second && { second: second.key }) };
}

/**
 * The openings that an access reads, with this one as it now stands; ended ones make room when it is needed.
 * @throws Failure BREAK_GLASS_LIMIT
 */
export function withOpening(live: readonly LiveOpening[], opening: Opening, time: number): LiveOpening[] {
  const own = liveOpeningOf(opening);
  const isOwn = (one: LiveOpening) => one.opening === own.opening;
  if (live.some(isOwn)) return live.map((one) => (isOwn(one) ? own : one));
  const isLive = ({ until }: LiveOpening) => time <= millisecondsOf(until);
  if (!isLive(own)) return [...live];
  const kept = live.length < MOST_LIVE ? live : live.filter(isLive);
  if (kept.length >= MOST_LIVE) throw new Failure('BREAK_GLASS_LIMIT', { of: 'patient' });
  return [...kept, own];
}
