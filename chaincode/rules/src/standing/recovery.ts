import { type Contacts, millisecondsOf, type Patient } from '@chartkey/vocabulary';

const DAY = 86_400_000;
/** Milliseconds in which an agreed recovery can be stopped. */
export const RECOVERY_WINDOW = 7 * DAY;
/** Milliseconds for which recovered keys widen nothing. */
export const PROBATION = 30 * DAY;
/** Milliseconds after which a recovery with which nothing more happens is over. */
export const RECOVERY_LAPSE = 30 * DAY;
/** Milliseconds for which former contacts stand in the place of those that a statement names anew. */
export const CONTACTS_DELAY = 7 * DAY;

/** The recovery that stands at a time: started, agreed or vetoed, and not over. */
export function recoveryAt({ recovery }: Patient, time: number): Patient['recovery'] {
  if (!recovery) return undefined;
  const { startedAt, agreedAt, vetoedAt } = recovery;
  const last = millisecondsOf(vetoedAt ?? agreedAt ?? startedAt);
  return time <= last + RECOVERY_LAPSE ? recovery : undefined;
}

/**
 * The contacts whose word counts at a time. Whoever takes a key cannot put his own in their place at once: for
 * seven days the former ones stand.
 */
export function contactsAt({ contacts }: Patient, time: number): Contacts | undefined {
  if (!contacts) return undefined;
  const { former, ...present } = contacts;
  if (!former || time > millisecondsOf(former.until)) return present;
  const { until: _until, ...stands } = former;
  return stands;
}

/** Is a patient's key a recovered one that may not widen yet? */
export function isOnProbation({ probation }: Pick<Patient, 'probation'>, time: number): boolean {
  return probation !== undefined && time <= millisecondsOf(probation);
}
