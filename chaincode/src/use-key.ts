import { Failure } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * Notes that keys belong to somebody from now on. A thumbprint ever used is never accepted again, so a
 * revoked key cannot return and no key serves two owners.
 * @throws Failure KEY_USED
 */
export async function useKey(tx: RecordsTransaction, owner: string, ...thumbprints: string[]): Promise<void> {
  for (const key of thumbprints) {
    if (await tx.world.keys.find(key)) throw new Failure('KEY_USED');
    tx.world.keys.put({ owner }, key);
  }
}
