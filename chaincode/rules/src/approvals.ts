import {
  type ApprovalRequest,
  type ApprovalSubject,
  type Approver,
  Failure,
  instantAt,
  millisecondsOf,
  type Patient,
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

/**
 * Counts a refusal; refused once those who are left cannot be enough. Who approved withdraws first, so that
 * only what names an approval takes it away. @throws Failure as `approve`
 */
export function refuse(request: ApprovalRequest, step: ApprovalStep, reason: RefusalReason): ApprovalRequest {
  checkIsAsked(request, step);
  if (request.approvals.some(({ by }) => isSame(by, step.by))) throw new Failure('ALREADY_APPROVED');
  const others = request.refusals.filter(({ by }) => !isSame(by, step.by));
  const next = { ...request, refusals: [...others, { ...noteOf(step), reason }] };
  return isHopeless(next) ? { ...next, status: 'refused' } : next;
}

/**
 * Takes a principal's own approval back before the request is complete.
 * @param approval the `approve` statement's id
 * @throws Failure REQUEST_CLOSED, NOT_AN_APPROVER, NOT_APPROVED
 */
export function withdraw(request: ApprovalRequest, step: ApprovalStep, approval: string): ApprovalRequest {
  checkIsAsked(request, step);
  const isIt = ({ by, statement }: { by: Approver; statement: string }) =>
    statement === approval && isSame(by, step.by);
  if (!request.approvals.some(isIt)) throw new Failure('NOT_APPROVED');
  return { ...request, approvals: request.approvals.filter((one) => !isIt(one)) };
}

/**
 * A pending request lapses when its time is over, or the patient lifts the rule that it was made under.
 * @param time ledger time, milliseconds
 * @param standing of the patient, for a request to read
 */
export function asOf(
  request: ApprovalRequest,
  time: number,
  standing?: Pick<Patient, 'rules'>,
): ApprovalRequest {
  const { subject, status, until } = request;
  const stands = subject.kind !== 'access' || standing?.rules.some(({ rule }) => rule === subject.rule);
  const isOver = !stands || time > millisecondsOf(until);
  return status === 'pending' && isOver ? { ...request, status: 'lapsed' } : request;
}

function checkIsAsked({ status, until, of }: ApprovalRequest, { by, time }: ApprovalStep): void {
  if (!of.some((one) => isSame(one, by))) throw new Failure('NOT_AN_APPROVER');
  if (status !== 'pending' || time > millisecondsOf(until)) throw new Failure('REQUEST_CLOSED');
}

function isHopeless({ refusals, of, need, must }: ApprovalRequest): boolean {
  const hasRefused = (one: Approver) => refusals.some(({ by }) => isSame(by, one));
  return of.length - refusals.length < need || must?.every(hasRefused) === true;
}

function isComplete({ approvals, need, must }: ApprovalRequest): boolean {
  const has = (one: Approver) => approvals.some(({ by }) => isSame(by, one));
  return approvals.length >= need && (must === undefined || must.some(has));
}

const noteOf = ({ by, statement, time }: ApprovalStep) => ({ by, statement, at: instantAt(time) });
