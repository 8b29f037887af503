import { fingerprintOf, isSame } from '@chartkey/rules';
import {
  type AccessEntry,
  type ApprovalRequest,
  type Approved,
  type Approver,
  Failure,
  instantAt,
  type Patient,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Standings } from './standings.ts';

/**
 * What k of n approved, from their statements alone: so many distinct principals of the patient's rule signed
 * the fingerprint of this very subject, in time.
 * @param standing of the patient, proven: the rule stands in it
 * @throws Failure APPROVALS_MISSING, RULE_UNKNOWN; Disagreement when the request is another one
 */
export async function approvedIn(
  { request, subject, approvals }: ApprovalRequest,
  entry: AccessEntry,
  standing: Patient,
  standings: Standings,
): Promise<Approved> {
  const isThis =
    subject.kind === 'access' &&
    fingerprintOf(subject) === request &&
    request === entry.ground &&
    subject.patient === entry.patient &&
    subject.organisation === entry.organisation;
  if (!isThis) throw new Disagreement('a request for approvals is about something else');
  const rule = standing.rules.find((one) => one.rule === subject.rule);
  if (!rule) throw new Failure('RULE_UNKNOWN');
  const signed: { by: Approver; at: number }[] = [];
  for (const { statement } of approvals) {
    const { by, at, request: approved } = await standings.confirmed(statement);
    const isAsked = approved === request && rule.of.some((one) => isSame(one, by));
    if (isAsked && !signed.some((one) => isSame(one.by, by))) signed.push({ by, at });
  }
  const times = signed.map(({ at }) => at).sort((one, other) => one - other);
  const grantedAt = times[rule.need - 1];
  if (grantedAt === undefined || grantedAt - (times[0] ?? 0) > rule.within * 60_000) {
    throw new Failure('APPROVALS_MISSING');
  }
  const { record, purpose } = subject;
  return { request, rule: rule.rule, record, purpose, until: instantAt(grantedAt + rule.lasting * 60_000) };
}
