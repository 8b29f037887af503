import { type Confirmed, readStatement } from '@chartkey/rules';
import { Failure, millisecondsOf } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * The approval that an accepted `approve` statement stands for, unless it was withdrawn.
 * @throws Failure STATEMENT_UNKNOWN, APPROVALS_MISSING
 */
export async function confirmedIn(tx: RecordsTransaction, id: string): Promise<Confirmed> {
  const stored = await tx.world.statements.require(id);
  const { payload } = readStatement(stored.statement, 'approve');
  const request = await tx.world.approvalRequests.require(payload.request);
  const counted = request.approvals.find(({ statement }) => statement === id);
  if (!counted) throw new Failure('APPROVALS_MISSING');
  return { statement: id, by: counted.by, request: payload.request, at: millisecondsOf(counted.at) };
}
