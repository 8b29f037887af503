import { common } from '@hyperledger/fabric-protos';
import type { Connection } from './connection.ts';
import { failureBeforeSubmission } from './failures.ts';

/** See `Ledger.height`: asks Fabric's query system chaincode, which serves care members only. */
export async function height({ network, channel, closed }: Connection): Promise<number> {
  try {
    const answer = await network.getContract('qscc').evaluateTransaction('GetChainInfo', channel);
    return common.BlockchainInfo.deserializeBinary(answer).getHeight();
  } catch (error) {
    throw failureBeforeSubmission(error, closed.aborted);
  }
}
