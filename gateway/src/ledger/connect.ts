import { blocks } from './blocks.ts';
import { approvedCode, runningCode } from './code.ts';
import { verdictOf } from './commit.ts';
import { type LedgerOptions, openConnection } from './connection.ts';
import { height } from './height.ts';
import type { Ledger } from './ledger.ts';
import { evaluate, submit } from './submit.ts';

export type { LedgerOptions } from './connection.ts';

/**
 * The ledger as one organisation's gateway sees it, through its peer's Fabric Gateway service over TLS.
 * Nothing is sent before the first verb.
 * @throws Error when the identity's key is not a P-256 key or does not belong to its certificate
 */
export function connectLedger(options: LedgerOptions): Ledger {
  const connection = openConnection(options);
  return {
    submit: (transaction, input, how) => submit(connection, transaction, input, how),
    evaluate: (query, ...args) => evaluate(connection, query, args),
    approvedCode: () => approvedCode(connection, options.chaincode),
    runningCode: (organisation) => runningCode(connection, organisation),
    async commitOf(transaction, milliseconds) {
      const verdict = await verdictOf(connection, transaction, milliseconds);
      return { block: Number(verdict.blockNumber), valid: verdict.successful };
    },
    height: () => height(connection),
    blocks: (startBlock, signal) =>
      blocks(connection.network, options.chaincode, startBlock, AbortSignal.any([signal, connection.closed])),
    close: () => connection.close(),
  };
}
