import type { Trust } from '@chartkey/rules';
import { Failure, type LiveOpening, Opening, queries } from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Queries } from './statements.ts';

/**
 * Refuses what rests on an opening that a review has found unjustified, which ended it.
 * @throws Failure BREAK_GLASS_OVER; Disagreement when state holds it as live: our own blocks are never ahead of it
 */
export async function refuseEnded(
  openings: readonly LiveOpening[],
  { trust, ledger }: { trust: Pick<Trust, 'isRevoked'>; ledger: Queries },
): Promise<void> {
  const ended = openings.find(({ opening }) => trust.isRevoked('review', opening));
  if (!ended) return;
  const state = Opening.safeParse(await ledger.evaluate(queries.opening, ended.opening));
  if (!state.success || state.data.review?.justified !== false) {
    throw new Disagreement('state holds an opening as live that a review has ended');
  }
  throw new Failure('BREAK_GLASS_OVER');
}
