import { connectLedger, type Ledger, readConfig, readLedgerOptions } from '@chartkey/gateway';
import { checkGenesis } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  type Genesis,
  Instant,
  type Member,
  networkId,
  OrganisationFacts,
  queries,
  SignedGenesis,
  thumbprint,
} from '@chartkey/vocabulary';
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

/** The last moment of a day, an `Instant`. @throws Error with one line when it is none */
export function endOf(day: string): string {
  const end = Instant.safeParse(`${day}T23:59:59.999Z`);
  if (!end.success) throw new Error(`${day} is no day, such as 2027-12-31.`);
  return end.data;
}

/** On which network and for whom a master key gives orders now; undefined when it is no member's present one. */
export async function orderWith(
  ledger: Ledger,
  genesis: Genesis,
  masterKey: PrivateJwk,
): Promise<Ordering | undefined> {
  const facts = OrganisationFacts.array().parse(await ledger.evaluate(queries.organisations));
  const present = new Map(facts.map(({ id, master }) => [id, master?.key]));
  const isOwn = ({ id, masterKey: founding }: Member) =>
    thumbprint(present.get(id) ?? founding) === thumbprint(masterKey);
  const member = genesis.organisations.find(isOwn);
  return member && { network: networkId(genesis), organisation: member.id, masterKey };
}

/** The same. @throws Error with one line when it is no member's present one */
export async function orderOf(ledger: Ledger, genesis: Genesis, masterKey: PrivateJwk): Promise<Ordering> {
  const order = await orderWith(ledger, genesis, masterKey);
  if (order) return order;
  throw new Error('This key is no member’s present master key: another may have taken its place.');
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

/** Does something on the ledger for the member whose present master key lies in a file. */
export function asMaster<Result>(
  env: NodeJS.ProcessEnv,
  path: string,
  key: string,
  work: (ledger: Ledger, order: Ordering) => Promise<Result>,
): Promise<Result> {
  const signed = signedIn(path);
  const masterKey = keyIn(key);
  return onLedger(env, signed, async (ledger) =>
    work(ledger, await orderOf(ledger, signed.genesis, masterKey)),
  );
}
