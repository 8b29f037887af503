import {
  type ApprovalStatement,
  type ApprovalStep,
  approve,
  approverOf,
  placeIn,
  readStatement,
  refuse,
  withdraw,
} from '@chartkey/rules';
import {
  type ApprovalRequest,
  canonicalJson,
  RequestApprovalInput,
  StatementInput,
  type Waiting,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { keepRequest, requestNow } from '../approval-requests.ts';
import { behindOf } from '../approval-subjects.ts';
import { askApprovals } from '../asking-approvals.ts';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

/** Requests that one page of what waits looks at. */
const PAGE_SIZE = 50;

@Info({ title: 'approvals', description: 'What so many of several must agree to' })
export class ApprovalsContract extends LedgerContract {
  constructor() {
    super('approvals');
  }

  @Transaction()
  @Returns('string')
  async requestApproval(tx: RecordsTransaction, input: string): Promise<string> {
    return canonicalJson(await askApprovals(tx, tx.input(RequestApprovalInput, input)));
  }

  @Transaction()
  @Returns('string')
  async approve(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'approve');
    return takeStep(tx, statement, statement.payload.request, approve);
  }

  @Transaction()
  @Returns('string')
  async refuse(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'refuse');
    const { request: id, reason } = statement.payload;
    return takeStep(tx, statement, id, (request, step) => refuse(request, step, reason));
  }

  /** Needs no sequence, so nothing withheld can stand in its way. */
  @Transaction()
  @Returns('string')
  async withdrawApproval(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'withdrawApproval');
    const { approval } = statement.payload;
    const given = readStatement((await tx.world.statements.require(approval)).statement, 'approve');
    const { request: id } = given.payload;
    return takeStep(tx, statement, id, (request, step) => withdraw(request, step, approval));
  }

  @Transaction(false)
  @Returns('string')
  async approvalRequest(tx: RecordsTransaction, request: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await requestNow(tx, request));
  }

  /** @param after where the page before ended; empty for the first page */
  @Transaction(false)
  @Returns('string')
  async waiting(tx: RecordsTransaction, principal: string, after: string): Promise<string> {
    await tx.requireCareMember();
    const ids = (await tx.world.waiting.under(principal)).filter((id) => id > after);
    const page: Waiting = { requests: [] };
    for (const id of ids.slice(0, PAGE_SIZE)) {
      const request = await requestNow(tx, id);
      // What lapsed waits for nobody, though nothing has taken it off the list yet.
      if (request.status === 'pending') page.requests.push(request);
      if (ids.length > PAGE_SIZE) page.next = id;
    }
    return canonicalJson(page);
  }
}

/** One approver's step: signed, in time, counted once; and what it completes, brought about. */
function takeStep(
  tx: RecordsTransaction,
  statement: ApprovalStatement,
  id: string,
  change: (request: ApprovalRequest, step: ApprovalStep, lasting?: number) => ApprovalRequest,
): Promise<string> {
  return tx.once(statement, async () => {
    const request = await tx.world.approvalRequests.require(id);
    const by = await approverOf(statement, await tx.signers(), tx.time, placeIn(request, request.of));
    await tx.accept(statement);
    const behind = await behindOf(tx, request.subject, statement);
    const changed = change(request, { by, statement: statement.id, time: tx.time }, behind?.lasting);
    if (changed.status !== 'pending') await behind?.settle(changed);
    keepRequest(tx, changed, request);
    return undefined;
  });
}
