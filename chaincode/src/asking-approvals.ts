import { asOf, findApproved, openRequest, rulesToAsk, stillGood } from '@chartkey/rules';
import {
  type ApprovalRequest,
  type ApprovalsAsked,
  type Approved,
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
 * Requests that one transaction opens, and lapsed ones that it clears away: each has up to 17 writes, and the
 * events of a block tell a thousand writes of a transaction apart.
 */
const AT_ONCE = 16;

/**
 * Asks the approvers of every rule that names a record. What is open, or approved and still good, is not
 * asked for again. Of more than 16 rules the others are asked the next time.
 * @throws Failure what would refuse a read anyway; RULE_MISSING, REQUEST_LIMIT
 */
export async function askApprovals(
  tx: RecordsTransaction,
  { session: id, record: named, purpose }: z.infer<typeof RequestApprovalInput>,
): Promise<ApprovalsAsked> {
  const { world, time } = tx;
  const { session, device } = await tx.requireAsker(id);
  const record = await world.records.require(named);
  const { patient } = record;
  const standing = await world.patients.require(patient);
  const { genesis } = await tx.network();
  const item = { kind: 'read' as const, purpose };
  const rules = rulesToAsk({ item, session, device, genesis, record, standing, time });
  const { organisation } = device;
  const { approved } = await world.relationOf(patient, organisation);
  const listed = (await world.asked.find(patient, organisation))?.requests ?? [];
  const good = [...stillGood(approved, standing, time), ...stillGood(listed, standing, time)];
  const requests: ApprovalRequest[] = [];
  const fresh: Approved[] = [];
  for (const { rule, need, of, within } of rules) {
    const known = findApproved(good, { rule, record: named, purposes: [purpose], time });
    if (known) requests.push(await world.approvalRequests.require(known.request));
    if (known || fresh.length === AT_ONCE) continue;
    const words = { patient, record: named, rule, organisation, purpose };
    const subject = { kind: 'access' as const, ...words, asked: tx.id, openedAt: instantAt(time) };
    const request = openRequest({ subject, need, of, within }, time);
    keepRequest(tx, request);
    requests.push(request);
    fresh.push({ request: request.request, rule, record: named, purpose, until: request.until });
  }
  if (fresh.length === 0) return { requests, repeated: true };
  if (good.length + fresh.length > MOST_REQUESTS) throw new Failure('REQUEST_LIMIT');
  const over = listed.filter((one) => !good.includes(one)).slice(0, AT_ONCE);
  for (const lapsed of over) {
    const before = await world.approvalRequests.require(lapsed.request);
    keepRequest(tx, asOf(before, time, standing), before);
  }
  world.asked.put(
    { requests: [...listed.filter((one) => !over.includes(one)), ...fresh] },
    patient,
    organisation,
  );
  return { requests, repeated: false };
}
