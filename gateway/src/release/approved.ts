import { type Confirmed, placeIn, verifyApprovals } from '@chartkey/rules';
import {
  type AccessEntry,
  type ApprovalRequest,
  type Approved,
  Failure,
  type Patient,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Standings } from './standings.ts';

/**
 * What k of n approved, from their statements alone: a request for each of the record's rules.
 * @param standing of the patient, proven: the rules stand in it
 * @throws Failure APPROVALS_MISSING, RULE_UNKNOWN; Disagreement when a request is another one
 */
export async function approvedIn(
  requests: readonly ApprovalRequest[],
  entry: AccessEntry,
  standing: Patient,
  standings: Standings,
): Promise<Approved[]> {
  return Promise.all(
    requests.map(async (request) => {
      const { subject, approvals } = request;
      const isThis =
        subject.kind === 'access' &&
        subject.patient === entry.patient &&
        subject.organisation === entry.organisation;
      if (!isThis) throw new Disagreement('a request for approvals is about something else');
      const rule = standing.rules.find((one) => one.rule === subject.rule);
      if (!rule) throw new Failure('RULE_UNKNOWN');
      const place = placeIn(request, rule.of);
      const confirmed: Confirmed[] = [];
      for (const { statement } of approvals) confirmed.push(await standings.confirmed(statement, place));
      return verifyApprovals(request, rule, confirmed);
    }),
  );
}
