import { isSame } from '@chartkey/rules';
import {
  type ApprovalAnswer,
  ApprovalRequest,
  ApprovalsAsked,
  type Approver,
  Failure,
  type Purpose,
  queries,
  transactions,
  Waiting,
} from '@chartkey/vocabulary';
import type { Caller, Gateway, Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { persistently } from '../statements/persistence.ts';
import type { Persons } from './persons.ts';
import { choosePurpose } from './purpose.ts';

export interface ApprovalsParts {
  ledger: Pick<Ledger, 'submit' | 'evaluate'>;
  persons: Pick<Persons, 'may'>;
}

/** Asks approvers, and shows a request to whom it concerns. Approving itself is a statement. */
export class Approvals {
  constructor(private readonly parts: ApprovalsParts) {}

  /**
   * Asks under every rule that names the record; what stands already is answered again.
   * @throws Failure DEVICES_ONLY, PURPOSE_REQUIRED, RULE_MISSING, REQUEST_LIMIT, and what refuses a read anyway
   */
  async request(
    { session }: Caller,
    { record, purpose: named }: { record: string; purpose?: Purpose | undefined },
  ): Promise<{ asked: ApprovalAnswer; repeated: boolean }> {
    if (session.subject !== 'device') throw new Failure('DEVICES_ONLY');
    const purpose = choosePurpose(session.purposes, named);
    const input = { session: session.session, record, purpose };
    const when = (result: unknown) => !ApprovalsAsked.parse(result).repeated;
    const { result } = await persistently(() =>
      this.parts.ledger.submit(transactions.requestApproval, input, { when }),
    );
    const { requests, repeated } = ApprovalsAsked.parse(result);
    const [first, ...others] = requests;
    if (!first) throw new Failure('RULE_MISSING');
    const also = others.map(({ request }) => request);
    return { asked: { ...first, ...(also.length > 0 && { also }) }, repeated };
  }

  /**
   * What waits for the caller: for a person, or the patient in whose place it approves; for a device's
   * organisation.
   * @throws Failure NOT_YOURS, NOT_A_DELEGATE, CARE_MEMBERS_ONLY
   */
  async waiting(
    caller: Caller,
    { patient, cursor = '' }: { patient?: string | undefined; cursor?: string | undefined },
  ): Promise<Page<ApprovalAnswer>> {
    const { session, member } = caller;
    if (session.subject === 'device') {
      if (patient !== undefined) throw new Failure('NOT_YOURS');
      return this.page(member?.id ?? '', cursor);
    }
    if (patient === undefined || patient === session.id) return this.page(session.id, cursor);
    if (!(await this.parts.persons.may(caller, patient, 'approve'))) throw new Failure('NOT_A_DELEGATE');
    const { items, next } = await this.page(patient, cursor);
    const self = { person: session.id };
    // A delegate stands in for the patient where its own records are asked for, and is not asked itself.
    const own = items.filter(
      ({ subject, of }) =>
        subject.kind === 'access' && subject.patient === patient && !of.some((one) => isSame(one, self)),
    );
    return { items: own, ...(next !== undefined && { next }) };
  }

  /** One request, for who asked, who is asked, and the patient. @throws Failure REQUEST_UNKNOWN, NOT_YOURS */
  async one(caller: Caller, id: string): Promise<ApprovalAnswer> {
    const answer = await this.parts.ledger.evaluate(queries.approvalRequest, id);
    const request = ApprovalRequest.parse(answer);
    if (!(await this.concerns(request, caller))) throw new Failure('NOT_YOURS');
    return request;
  }

  private async concerns({ of, subject }: ApprovalRequest, caller: Caller): Promise<boolean> {
    const { session, member } = caller;
    const isAsked = (principal: Approver) => of.some((one) => isSame(one, principal));
    if (session.subject === 'device') {
      const organisation = member?.id ?? '';
      const hasAsked = 'organisation' in subject && subject.organisation === organisation;
      return hasAsked || isAsked({ organisation });
    }
    const person = session.id;
    if (isAsked({ person })) return true;
    if (!('patient' in subject)) return false;
    return this.parts.persons.may(caller, subject.patient, 'approve');
  }

  private async page(principal: string, after: string): Promise<Page<ApprovalAnswer>> {
    const answer = await this.parts.ledger.evaluate(queries.waiting, principal, after);
    const { requests: items, next } = Waiting.parse(answer);
    return { items, ...(next !== undefined && { next }) };
  }
}

/** The verbs of approvals. @param present refuses a caller whose device or key was revoked meanwhile */
export function approvalVerbs(
  approvals: Approvals,
  present: (caller: Caller) => Promise<Caller>,
): Pick<Gateway, 'requestApproval' | 'waitingApprovals' | 'approvalOf'> {
  return {
    requestApproval: (caller, ask) => approvals.request(caller, ask),
    waitingApprovals: async (caller, page) => approvals.waiting(await present(caller), page),
    approvalOf: async (caller, request) => approvals.one(await present(caller), request),
  };
}
