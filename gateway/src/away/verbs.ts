import { Failure } from '@chartkey/vocabulary';
import type { Gateway } from '../gateway.ts';
import { fromVault } from '../records/from-vault.ts';
import type { Away } from './away.ts';

export type AwayVerbs = Pick<Gateway, 'releaseLocally' | 'bearWitness'>;

/** What a gateway does while the ledger is away; a third party, which has no vault, does nothing then. */
export function awayVerbs(away: Away | undefined): AwayVerbs {
  return {
    releaseLocally: async (asked) => {
      if (!away) throw new Failure('LOCAL_RELEASE_OFF');
      return fromVault(() => away.release(asked));
    },
    bearWitness: async (entry) => {
      if (!away) throw new Failure('KIND_NOT_ALLOWED');
      return fromVault(() => away.bearWitness(entry));
    },
  };
}
