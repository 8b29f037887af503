import type { Trust } from '@chartkey/rules';
import { type FailureCode, type LiveOpening, PractitionerKey, queries } from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Queries } from './statements.ts';

/**
 * The practitioners' keys behind openings that their organisation has revoked since.
 * @throws Disagreement when state holds one as registered: our own set of revocations is never ahead of it
 */
export async function fallenKeys(
  openings: readonly LiveOpening[],
  organisation: string,
  { trust, ledger }: { trust: Pick<Trust, 'isRevoked'>; ledger: Queries },
): Promise<Map<string, FailureCode>> {
  const fallen = new Map<string, FailureCode>();
  const keys = openings.flatMap(({ key, second }) => (second === undefined ? [key] : [key, second]));
  for (const key of keys.filter((one) => trust.isRevoked(organisation, one))) {
    const state = PractitionerKey.safeParse(await ledger.evaluate(queries.practitioner, key));
    if (!state.success || state.data.status !== 'revoked') {
      throw new Disagreement('state holds a revoked practitioner’s key as registered');
    }
    fallen.set(key, 'PRACTITIONER_REVOKED');
  }
  return fallen;
}
