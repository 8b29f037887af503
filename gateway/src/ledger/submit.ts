import { canonicalJson, digest } from '@chartkey/vocabulary';
import type { Status, SubmittedTransaction, Transaction } from '@hyperledger/fabric-gateway';
import { verdictOf } from './commit.ts';
import type { Connection } from './connection.ts';
import { failureAtTheDoor, failureBeforeSubmission, failureOfVerdict } from './failures.ts';
import type { Committed, Ledger } from './ledger.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(answer: Uint8Array): unknown {
  return JSON.parse(utf8.decode(answer));
}

/** See `Ledger.evaluate`. */
export async function evaluate(connection: Connection, query: string, args: string[]): Promise<unknown> {
  try {
    return parsed(await connection.contract.newProposal(query, { arguments: args }).evaluate());
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
  const text = canonicalJson(input);
  let endorsed: Transaction;
  let result: unknown;
  try {
    const proposal = connection.contract.newProposal(name, {
      arguments: [digest(text)],
      transientData: { input: text },
    });
    endorsed = await proposal.endorse();
    result = parsed(endorsed.getResult());
  } catch (error) {
    throw failureBeforeSubmission(error, connection.closed.aborted);
  }
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
