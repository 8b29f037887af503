import { setTimeout as pause } from 'node:timers/promises';
import { digest } from '@chartkey/vocabulary';
import type { Transaction } from '@hyperledger/fabric-gateway';
import type { Connection } from './connection.ts';
import { failureBeforeSubmission, isOfTheMoment } from './failures.ts';
import { parsed } from './parsed.ts';

/** Milliseconds of the first pause and of the last; each is twice the one before, 1.3 s together. */
const FIRST_PAUSE = 10;
const LAST_PAUSE = 640;

export interface Endorsed {
  transaction: Transaction;
  /** what the chaincode answered, parsed */
  result: unknown;
}

/**
 * Has a transaction endorsed. Peers take in blocks at their own pace: one that is a block behind ours reads
 * older values, or does not know yet what was committed a moment ago. Nothing has been submitted by then, so
 * it is proposed again until they agree.
 * @param text canonical JSON of the input
 * @throws Failure as `failureBeforeSubmission` says, LEDGER_CONFLICT among them
 */
export async function endorse(connection: Connection, name: string, text: string): Promise<Endorsed> {
  for (let wait = FIRST_PAUSE; ; wait *= 2) {
    try {
      const proposal = connection.contract.newProposal(name, {
        arguments: [digest(text)],
        transientData: { input: text },
      });
      const transaction = await proposal.endorse();
      return { transaction, result: parsed(transaction.getResult()) };
    } catch (error) {
      const { closed, peerOrganisation } = connection;
      if (wait > LAST_PAUSE || closed.aborted || !isOfTheMoment(error, peerOrganisation)) {
        throw failureBeforeSubmission(error, closed.aborted);
      }
      await pause(wait, undefined, { signal: closed }).catch(() => undefined);
    }
  }
}
