import { Failure, type Genesis, type P256Key, type StatementOf } from '@chartkey/vocabulary';
import { memberOf } from './genesis.ts';
import { type Bringing, checkKeyProof } from './key-proof.ts';
import type { ReadStatement } from './statement.ts';

/** Minutes within which the other members agree to a replacement: a week. */
export const REPLACEMENT_MINUTES = 7 * 24 * 60;

/**
 * The master key that a statement brings, which proves itself inside.
 * @throws Failure INVALID_PROOF, INVALID_KEY; INVALID_STATEMENT where a member would replace its own key
 */
export function newMasterKey(
  { payload }: ReadStatement<StatementOf<'rotateMasterKey' | 'replaceMasterKey'>>,
  bringing: Omit<Bringing, 'owner'>,
): { key: string; sig: P256Key } {
  if (payload.act === 'replaceMasterKey' && payload.organisation === payload.iss) {
    throw new Failure('INVALID_STATEMENT');
  }
  const owner = payload.act === 'replaceMasterKey' ? payload.organisation : payload.iss;
  const { key, sig, enc } = checkKeyProof(payload.key, { ...bringing, owner });
  // A pair is a patient's.
  if (enc !== undefined) throw new Failure('INVALID_PROOF');
  return { key, sig };
}

/**
 * Who decides about a lost master key: more than half of the other members, each with its own master key.
 * @throws Failure ORGANISATION_UNKNOWN
 */
export function replacers(genesis: Genesis, organisation: string): { of: string[]; need: number } {
  memberOf(genesis, organisation);
  const of = genesis.organisations.map(({ id }) => id).filter((id) => id !== organisation);
  return { of, need: Math.floor(of.length / 2) + 1 };
}
