import {
  type Approved,
  millisecondsOf,
  type Patient,
  type Purpose,
  type RecordState,
  type Rule,
} from '@chartkey/vocabulary';
import { names } from './coverage.ts';

/** The patient's rules that name a record, by itself or by a label: each must be satisfied. */
export function rulesOn(
  { rules }: Pick<Patient, 'rules'>,
  record: Pick<RecordState, 'record' | 'labels'>,
): Rule[] {
  return rules.filter(({ on }) => names(on, record));
}

/** What satisfies a rule for this record and purpose now. `until` is the last instant it is good for. */
export function findApproved(
  approved: readonly Approved[] = [],
  {
    rule,
    record,
    purposes,
    time,
  }: { rule: string; record: string; purposes: readonly Purpose[]; time: number },
): Approved | undefined {
  return approved.find(
    (one) =>
      one.rule === rule &&
      one.record === record &&
      purposes.includes(one.purpose) &&
      time <= millisecondsOf(one.until),
  );
}

/** Without those that have ended, or whose rule no longer stands. */
export function stillGood(approved: readonly Approved[] = [], { rules }: Patient, time: number): Approved[] {
  const stands = (id: string) => rules.some(({ rule }) => rule === id);
  return approved.filter((one) => stands(one.rule) && time <= millisecondsOf(one.until));
}
