import { Failure } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * Notes that a pair of keys belongs to somebody from now on. A thumbprint ever used is never accepted
 * again, so a revoked key cannot return and no key serves two owners. Only `sig` is proven to be the
 * owner's: what somebody merely names as `enc` keeps nobody else from signing with it.
 * @throws Failure KEY_USED
 */
export async function useKeys(
  tx: RecordsTransaction,
  owner: string,
  sig: string,
  enc: string,
): Promise<void> {
  const { keys } = tx.world;
  const used = [await keys.find('sig', sig), await keys.find('sig', enc), await keys.find('enc', enc)];
  if (used.some((one) => one !== undefined)) throw new Failure('KEY_USED');
  keys.put({ owner }, 'sig', sig);
  keys.put({ owner }, 'enc', enc);
}

/** The same for a key that only signs. @throws Failure KEY_USED */
export async function useKey(tx: RecordsTransaction, owner: string, sig: string): Promise<void> {
  const { keys } = tx.world;
  if ((await keys.find('sig', sig)) !== undefined) throw new Failure('KEY_USED');
  keys.put({ owner }, 'sig', sig);
}
