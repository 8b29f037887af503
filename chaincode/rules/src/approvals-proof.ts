import {
  type ApprovalRequest,
  type Approved,
  Failure,
  instantAt,
  millisecondsOf,
  type Rule,
} from '@chartkey/vocabulary';
import { fingerprintOf, isSame } from './standing/approvals.ts';
import type { Confirmed } from './standing/words.ts';

/**
 * Proves from signed approvals alone that a rule was satisfied: so many distinct principals of the rule
 * signed the fingerprint of this very subject, within the rule's minutes of the moment that is part of it.
 * @param rule as the patient's proven statements have it
 * @param confirmed approvals whose statements were verified, and which nobody withdrew
 * @returns what a decision rests on
 * @throws Failure APPROVALS_MISSING
 */
export function verifyApprovals(
  { request, subject }: Pick<ApprovalRequest, 'request' | 'subject'>,
  { rule, of, need, within, lasting }: Rule,
  confirmed: readonly Confirmed[],
): Approved {
  const missing = new Failure('APPROVALS_MISSING');
  if (subject.kind !== 'access' || subject.rule !== rule || fingerprintOf(subject) !== request) throw missing;
  const closesAt = millisecondsOf(subject.openedAt) + within * 60_000;
  const timely = confirmed.filter((one) => one.request === request && one.at <= closesAt);
  const times = of.flatMap((principal) => {
    const own = timely.filter(({ by }) => isSame(by, principal)).map(({ at }) => at);
    return own.length > 0 ? [Math.min(...own)] : [];
  });
  const grantedAt = times.sort((one, other) => one - other)[need - 1];
  if (grantedAt === undefined) throw missing;
  const { record, purpose } = subject;
  return { request, rule, record, purpose, until: instantAt(grantedAt + lasting * 60_000) };
}
