import { judgeReceipt } from '@chartkey/rules';
import type { AcceptedStatement } from '@chartkey/vocabulary';
import { type ProvenReceipt, proveReceipt, ReceiptsDisagree } from './receipts.ts';
import type { Session } from './session.ts';
import type { SignedStatement } from './statements.ts';

/** What is known of a statement after it was handed to one gateway, or to two. */
export interface Carried {
  /** keep it while `done` is false: `carry` hands the same one in again */
  readonly statement: SignedStatement;
  /** the first gateway's answer: its word alone */
  readonly accepted: AcceptedStatement;
  /** the proven ones, two at most */
  readonly receipts: readonly ProvenReceipt[];
  /** two organisations' proven receipts say the same */
  readonly done: boolean;
  /** why it is not done, when a second gateway was asked or a receipt is not proven */
  readonly reason?: unknown;
}

/** Who takes part: sessions at the first gateway and, if there is one, at another organisation's. */
export interface Way {
  first: Session;
  second: Session | undefined;
}

/**
 * Hands a statement to the first gateway, then to the second, and proves what both say. Each one's device is asked
 * of the other, so that neither vouches for itself.
 * @param submit hands it to the first
 * @throws what `submit` throws; ReceiptsDisagree; whatever befalls the second is the `reason`
 */
export async function carried(
  statement: SignedStatement,
  { first, second }: Way,
  submit: () => Promise<AcceptedStatement>,
): Promise<Carried> {
  const accepted = await submit();
  const reasons: unknown[] = [];
  const tried = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      reasons.push(error);
      return undefined;
    }
  };
  const { transaction } = accepted;
  const again = second && (await tried(() => second.gateway.submit(statement.text, { transaction })));
  // Who gives no receipt (a third party) shows no approvals either.
  const witness = again?.receipt === undefined ? first : (second ?? first);
  const proofs = [await tried(() => proveReceipt(first.gateway, accepted, witness))];
  if (second && again) {
    const other = accepted.receipt === undefined ? second : first;
    proofs.push(await tried(() => proveReceipt(second.gateway, again, other)));
  }
  const receipts = proofs.filter((proof) => proof !== undefined);
  const done = areOne(receipts);
  return { statement, accepted, receipts, done, ...(reasons.length > 0 && { reason: reasons[0] }) };
}

/** @throws ReceiptsDisagree */
function areOne([first, second]: readonly ProvenReceipt[]): boolean {
  if (!first || !second) return false;
  const judgement = judgeReceipt(first.receipt, second.receipt);
  if (judgement === 'contradicted') throw new ReceiptsDisagree([first, second]);
  return judgement === 'confirmed';
}
