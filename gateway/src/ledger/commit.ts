import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import type { Status } from '@hyperledger/fabric-gateway';
import { gateway } from '@hyperledger/fabric-protos';
import type { Connection } from './connection.ts';

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

function commitStatusRequest(connection: Connection, transaction: string): Uint8Array {
  const request = new gateway.CommitStatusRequest();
  request.setChannelId(connection.channel);
  request.setTransactionId(transaction);
  request.setIdentity(connection.creator);
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}

/**
 * Asks the peer by transaction id until it knows the verdict, also across lost connections.
 * @throws Failure OUTCOME_UNKNOWN {transaction} when it does not know within `milliseconds`, or when the
 * connection is closed for good
 */
export async function verdictOf(
  connection: Connection,
  transaction: string,
  milliseconds: number,
): Promise<Status> {
  const until = Date.now() + milliseconds;
  const request = commitStatusRequest(connection, transaction);
  let wait = FIRST_PAUSE;
  let cause: unknown;
  while (Date.now() < until && !connection.closed.aborted) {
    try {
      // A signed request is kept by the commit it was made for, so each question gets its own.
      return await connection.gateway.newCommit(request).getStatus({ deadline: until });
    } catch (error) {
      cause = error;
      const left = Math.max(0, Math.min(wait, until - Date.now()));
      await pause(left, undefined, { signal: connection.closed }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }
  const failure = new Failure('OUTCOME_UNKNOWN', { transaction });
  failure.cause = cause;
  throw failure;
}
