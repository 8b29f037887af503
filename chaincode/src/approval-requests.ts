import { asOf, isSame } from '@chartkey/rules';
import type { ApprovalRequest, Approver } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * Writes a request, fresh or changed, and keeps what waits for each approver right: for whom it is open and
 * who has not answered it.
 * @param before as it stood; undefined for a fresh one
 */
export function keepRequest(
  tx: RecordsTransaction,
  request: ApprovalRequest,
  before?: ApprovalRequest,
): void {
  tx.world.approvalRequests.put(request, request.request);
  for (const one of request.of) {
    const waited = before !== undefined && waitsFor(before, one);
    const waits = waitsFor(request, one);
    if (waits && !waited) tx.world.waiting.put({}, idOf(one), request.request);
    if (waited && !waits) tx.world.waiting.remove(idOf(one), request.request);
  }
}

/** A request as it stands now: what has lapsed says so, though nothing has touched it since. */
export async function requestNow(tx: RecordsTransaction, id: string): Promise<ApprovalRequest> {
  const request = await tx.world.approvalRequests.require(id);
  const { subject } = request;
  if (subject.kind !== 'access') return asOf(request, tx.time);
  return asOf(request, tx.time, await tx.world.patients.require(subject.patient));
}

function waitsFor({ status, approvals, refusals }: ApprovalRequest, approver: Approver): boolean {
  return status === 'pending' && ![...approvals, ...refusals].some(({ by }) => isSame(by, approver));
}

const idOf = (approver: Approver) => ('person' in approver ? approver.person : approver.organisation);
