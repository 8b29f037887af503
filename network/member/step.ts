import { connectLedger, type Ledger, readConfig, readLedgerOptions } from '@chartkey/gateway';
import { checkGenesis } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import { networkId, SignedGenesis } from '@chartkey/vocabulary';
import { signGenesis } from './genesis.ts';
import { PrivateJwk, readAs } from './keys.ts';
import type { Ordering } from './orders.ts';

/** One thing that a member does by hand, mostly once. */
export interface Step {
  /** the words it takes */
  takes: string;
  says: string;
  /** @returns what to print */
  does(words: string[], env: NodeJS.ProcessEnv): Promise<string> | string;
}

export const signedIn = (path: string) =>
  readAs(SignedGenesis, path, 'a genesis document with its signatures');
export const keyIn = (path: string) => readAs(PrivateJwk, path, 'a master key');

/** On which network and for whom a master key gives an order. */
export function orderOf(path: string, key: string): Ordering {
  const { genesis } = signedIn(path);
  const masterKey = keyIn(key);
  const { organisation } = signGenesis(genesis, masterKey);
  return { network: networkId(genesis), organisation, masterKey };
}

/** Does something on the ledger as the gateway whose settings stand in the environment. */
export async function onLedger<Result>(
  env: NodeJS.ProcessEnv,
  signed: SignedGenesis,
  work: (ledger: Ledger) => Promise<Result>,
): Promise<Result> {
  checkGenesis(signed, nodeSignatureChecks);
  const ledger = connectLedger(readLedgerOptions(readConfig(env), signed.genesis));
  return work(ledger).finally(() => ledger.close());
}
