import { describe, Failure } from '@chartkey/vocabulary';

/** Something that an operator must look at at once: nothing was released or served. */
export interface Alarm {
  /** LEDGER_DISAGREES: state and statements differ; INTEGRITY_BROKEN: bytes are not the anchored ones */
  code: 'LEDGER_DISAGREES' | 'INTEGRITY_BROKEN';
  /** what does not fit, in words of ours only */
  what: string;
  /** ids and numbers only */
  about: Readonly<Record<string, string | number>>;
}

/** Tells an operator; never throws. */
export type RaiseAlarm = (alarm: Alarm) => void;

/** Raises an alarm and gives the failure that the asker gets. */
export function alarmed(raise: RaiseAlarm, alarm: Alarm): Failure {
  raise(alarm);
  return new Failure(alarm.code, alarm.about);
}

/** The ledger's state says what no statement bears out. Caught inside this room, where it becomes an alarm. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/**
 * What a failed verification is: the statements do not bear out what state says. A ledger that cannot be
 * reached stays what it is.
 */
export function unproven(error: unknown, what: string): unknown {
  if (!(error instanceof Failure)) return error;
  const { category } = describe(error.code);
  return category === 'busy' || category === 'broken' ? error : new Disagreement(`${what}: ${error.code}`);
}
