import { asOf, findApproved, openRequest, rulesToAsk, stillGood } from '@chartkey/rules';
import {
  type ApprovalRequest,
  type ApprovalsAsked,
  Failure,
  instantAt,
  type RequestApprovalInput,
} from '@chartkey/vocabulary';
import type * as z from 'zod';
import { keepRequest } from './approval-requests.ts';
import type { RecordsTransaction } from './transaction.ts';

/** Rules that an organisation may have asked under, open or satisfied, for one patient. */
const MOST_REQUESTS = 64;

/**
 * Asks the approvers of every rule that names a record. What is open, or approved and still good, is not
 * asked for again.
 * @throws Failure what would refuse a read anyway; RULE_MISSING, REQUEST_LIMIT
 */
export async function askApprovals(
  tx: RecordsTransaction,
  { session: id, record: named, purpose }: z.infer<typeof RequestApprovalInput>,
): Promise<ApprovalsAsked> {
  const { world, time } = tx;
  const { session, device } = await tx.requireAsker(id);
  const record = await world.records.require(named);
  const standing = await world.patients.require(record.patient);
  const { genesis } = await tx.network();
  const item = { kind: 'read' as const, purpose };
  const rules = rulesToAsk({ item, session, device, genesis, record, standing, time });
  const { organisation } = device;
  const { approved } = await world.relationOf(record.patient, organisation);
  const listed = (await world.asked.find(record.patient, organisation))?.requests ?? [];
  const open = stillGood(listed, standing, time);
  for (const lapsed of listed.filter((one) => !open.includes(one))) {
    const before = await world.approvalRequests.require(lapsed.request);
    keepRequest(tx, asOf(before, time, standing), before);
  }
  let repeated = true;
  const requests: ApprovalRequest[] = [];
  for (const { rule, need, of, within } of rules) {
    const asked = { rule, record: record.record, purposes: [purpose], time };
    const known = findApproved([...(approved ?? []), ...open], asked);
    if (known) {
      requests.push(await world.approvalRequests.require(known.request));
      continue;
    }
    const words = { patient: record.patient, record: record.record, rule, organisation, purpose };
    const subject = { kind: 'access' as const, ...words, asked: tx.id, openedAt: instantAt(time) };
    const request = openRequest({ subject, need, of, within }, time);
    keepRequest(tx, request);
    requests.push(request);
    repeated = false;
    open.push({ request: request.request, rule, record: record.record, purpose, until: request.until });
  }
  const standingOnes = open.length + stillGood(approved, standing, time).length;
  if (!repeated && standingOnes > MOST_REQUESTS) throw new Failure('REQUEST_LIMIT');
  world.asked.put({ requests: open }, record.patient, organisation);
  return { requests, repeated };
}
