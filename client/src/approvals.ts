import { fingerprintOf } from '@chartkey/rules';
import type { AcceptedStatement, ApprovalRequest, RefusalReason, StatementOf } from '@chartkey/vocabulary';
import { WrongRequest } from './problems.ts';
import type { Statements } from './sequence.ts';
import type { SignedStatement } from './statements.ts';

/** A rule: what it is on, who may approve, how many must, within how many minutes, for how many. */
export type RuleWords = Pick<StatementOf<'layRule'>, 'on' | 'of' | 'need' | 'within' | 'lasting'>;

export interface ApprovingOptions {
  /** the patient in whose place a delegate signs */
  inPlaceOf?: string | undefined;
}

/** What an approver is shown: its subject is what the signature is about. */
export type ShownRequest = Pick<ApprovalRequest, 'request' | 'subject'>;

/**
 * Answers requests for approvals with one signer's statements: a person's, a master key's. Only the subject
 * that was shown is signed: its fingerprint is made here, whatever a gateway says that it is.
 */
export class Approving {
  constructor(private readonly statements: Statements) {}

  /** The answer's `id` is the approval's. @throws also WrongRequest */
  async approve(
    shown: ShownRequest,
    { inPlaceOf: patient }: ApprovingOptions = {},
  ): Promise<AcceptedStatement> {
    const words = { act: 'approve' as const, request: fingerprintIn(shown), ...(patient && { patient }) };
    return this.statements.numbered((seq) => this.statements.author.sign({ ...words, seq }));
  }

  /** @throws also WrongRequest */
  async refuse(
    shown: ShownRequest,
    reason: RefusalReason,
    { inPlaceOf: patient }: ApprovingOptions = {},
  ): Promise<AcceptedStatement> {
    const words = {
      act: 'refuse' as const,
      request: fingerprintIn(shown),
      reason,
      ...(patient && { patient }),
    };
    return this.statements.numbered((seq) => this.statements.author.sign({ ...words, seq }));
  }

  /** The statement that takes an approval back, as long as the request is open. @param approval its id */
  withdrawal(approval: string, { inPlaceOf: patient }: ApprovingOptions = {}): Promise<SignedStatement> {
    return this.statements.author.sign({ act: 'withdrawApproval', approval, ...(patient && { patient }) });
  }
}

/** @throws WrongRequest when the fingerprint is of another subject than the one shown */
function fingerprintIn({ request, subject }: ShownRequest): string {
  const own = fingerprintOf(subject);
  if (own !== request) throw new WrongRequest(request);
  return own;
}
