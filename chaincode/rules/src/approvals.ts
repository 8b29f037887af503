import {
  type ApprovalRequest,
  type ApprovalSubject,
  type Approver,
  Failure,
  instantAt,
  millisecondsOf,
  type RefusalReason,
} from '@chartkey/vocabulary';
import { fingerprintOf, isSame } from './standing/approvals.ts';

/** One step by one principal: its statement, when. */
export interface ApprovalStep {
  by: Approver;
  statement: string;
  /** ledger time, milliseconds */
  time: number;
}

/** What a request asks for: k of these, within a time. */
export interface Asking {
  subject: ApprovalSubject;
  need: number;
  of: readonly Approver[];
  must?: readonly Approver[];
  /** minutes within which the approvals must come */
  within: number;
}

/** A fresh request, pending. @param time ledger time, milliseconds */
export function openRequest({ subject, need, of, must, within }: Asking, time: number): ApprovalRequest {
  return {
    request: fingerprintOf(subject),
    subject,
    need,
    of: [...of],
    ...(must && { must: [...must] }),
    openedAt: instantAt(time),
    until: instantAt(time + within * 60_000),
    status: 'pending',
    approvals: [],
    refusals: [],
  };
}

/**
 * Counts an approval; granted once so many distinct principals have signed.
 * @param lasting minutes that a granted access may be used
 * @throws Failure REQUEST_CLOSED, NOT_AN_APPROVER, ALREADY_APPROVED
 */
export function approve(request: ApprovalRequest, step: ApprovalStep, lasting?: number): ApprovalRequest {
  checkIsAsked(request, step);
  if (request.approvals.some(({ by }) => isSame(by, step.by))) throw new Failure('ALREADY_APPROVED');
  const approvals = [...request.approvals, noteOf(step)];
  const refusals = request.refusals.filter(({ by }) => !isSame(by, step.by));
  const next = { ...request, approvals, refusals };
  if (!isComplete(next)) return next;
  return {
    ...next,
    status: 'granted',
    ...(lasting !== undefined && { grantedUntil: instantAt(step.time + lasting * 60_000) }),
  };
}

/** Counts a refusal; refused once so few are left that the rest cannot be enough. @throws Failure as `approve` */
export function refuse(request: ApprovalRequest, step: ApprovalStep, reason: RefusalReason): ApprovalRequest {
  checkIsAsked(request, step);
  const approvals = request.approvals.filter(({ by }) => !isSame(by, step.by));
  const others = request.refusals.filter(({ by }) => !isSame(by, step.by));
  const refusals = [...others, { ...noteOf(step), reason }];
  const isHopeless = request.of.length - refusals.length < request.need;
  return { ...request, approvals, refusals, status: isHopeless ? 'refused' : 'pending' };
}

/** Takes an approval back before the request is complete. @throws Failure REQUEST_CLOSED, NOT_APPROVED */
export function withdraw(request: ApprovalRequest, step: ApprovalStep): ApprovalRequest {
  checkIsAsked(request, step);
  const approvals = request.approvals.filter(({ by }) => !isSame(by, step.by));
  if (approvals.length === request.approvals.length) throw new Failure('NOT_APPROVED');
  return { ...request, approvals };
}

function checkIsAsked({ status, until, of }: ApprovalRequest, { by, time }: ApprovalStep): void {
  if (!of.some((one) => isSame(one, by))) throw new Failure('NOT_AN_APPROVER');
  if (status !== 'pending' || time > millisecondsOf(until)) throw new Failure('REQUEST_CLOSED');
}

function isComplete({ approvals, need, must }: ApprovalRequest): boolean {
  const has = (one: Approver) => approvals.some(({ by }) => isSame(by, one));
  return approvals.length >= need && (must === undefined || must.some(has));
}

const noteOf = ({ by, statement, time }: ApprovalStep) => ({ by, statement, at: instantAt(time) });
