import { canonicalJson } from '@chartkey/vocabulary';
import type { Status, SubmittedTransaction, Transaction } from '@hyperledger/fabric-gateway';
import { verdictOf } from './commit.ts';
import { type Connection, onOwnPeer } from './connection.ts';
import { endorse } from './endorse.ts';
import { failureAtTheDoor, failureBeforeSubmission, failureOfVerdict } from './failures.ts';
import type { Committed, Ledger } from './ledger.ts';
import { parsed } from './parsed.ts';

/** See `Ledger.evaluate`. */
export async function evaluate(connection: Connection, query: string, args: string[]): Promise<unknown> {
  try {
    return parsed(await onOwnPeer(connection, connection.contract, query, args));
  } catch (error) {
    throw failureBeforeSubmission(error, connection.closed.aborted);
  }
}

/** See `Ledger.submit`. */
export async function submit(
  connection: Connection,
  name: string,
  input: unknown,
  options: Parameters<Ledger['submit']>[2] = {},
): Promise<Committed> {
  const { transaction: endorsed, result } = await endorse(connection, name, canonicalJson(input));
  const transaction = endorsed.getTransactionId();
  if (options.when && !options.when(result)) return { transaction, block: -1, result };
  const verdict = await commit(connection, endorsed);
  const failure = failureOfVerdict(verdict.code, transaction);
  if (failure) throw failure;
  return { transaction, block: Number(verdict.blockNumber), result };
}

/** Submits an endorsed transaction and learns its verdict; any doubt is settled by asking for its id. */
async function commit(connection: Connection, endorsed: Transaction): Promise<Status> {
  let submitted: SubmittedTransaction;
  try {
    submitted = await endorsed.submit();
  } catch (error) {
    const refused = failureAtTheDoor(error);
    if (refused) throw refused;
    return verdictOf(connection, endorsed.getTransactionId(), connection.deadlines.findOut);
  }
  try {
    return await submitted.getStatus();
  } catch {
    return verdictOf(connection, endorsed.getTransactionId(), connection.deadlines.findOut);
  }
}
