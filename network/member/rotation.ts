import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { importSigner, keyProof } from '@chartkey/client';
import type { Ledger } from '@chartkey/gateway';
import { type Genesis, transactions } from '@chartkey/vocabulary';
import { syncFolder } from '../durable-file.ts';
import { makeKey, type PrivateJwk, writeNew } from './keys.ts';
import { authorOf, nextSeqOf, type Ordering, submit } from './orders.ts';
import { keyIn, orderOf, orderWith } from './step.ts';

/**
 * Puts a new master key in the place of the one in a file, on the ledger first. Until then both lie there, the
 * new one beside the old; so whenever it breaks off, the same order again finishes it.
 * @returns for whom, and the new key
 * @throws Error with one line when neither key is a member's present one; Failure, the ledger's
 */
export async function rotateMasterKey(ledger: Ledger, genesis: Genesis, path: string): Promise<Ordering> {
  const next = `${path}.next`;
  const left = existsSync(next) ? keyIn(next) : undefined;
  const done = left && (await orderWith(ledger, genesis, left));
  const order = done ?? (await orderOf(ledger, genesis, keyIn(path)));
  const masterKey = left ?? madeIn(next);
  if (!done) await succeed(ledger, genesis, order, masterKey);
  renameSync(next, path);
  syncFolder(dirname(path));
  return { ...order, masterKey };
}

function madeIn(path: string): PrivateJwk {
  const key = makeKey();
  writeNew(path, key);
  return key;
}

/** The old key signs that the new one follows it; the new one proves itself inside. */
async function succeed(
  ledger: Ledger,
  genesis: Genesis,
  order: Ordering,
  masterKey: PrivateJwk,
): Promise<void> {
  const { network, organisation } = order;
  const key = await keyProof({ network, owner: organisation, signer: await importSigner(masterKey) });
  const seq = await nextSeqOf(ledger, organisation);
  const { text } = await (await authorOf(order)).sign({ act: 'rotateMasterKey', seq, key });
  try {
    await submit(ledger, transactions.rotateMasterKey, { statement: text });
  } catch (error) {
    // An earlier try that was under way, or this one, may have come through all the same.
    const standing = await orderWith(ledger, genesis, masterKey).catch(() => undefined);
    if (!standing) throw error;
  }
}
