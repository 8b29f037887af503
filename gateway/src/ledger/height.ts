import { common } from '@hyperledger/fabric-protos';
import { type Connection, onOwnPeer } from './connection.ts';
import { failureBeforeSubmission } from './failures.ts';

/** See `Ledger.height`: asks Fabric's query system chaincode, which serves care members only. */
export async function height(connection: Connection): Promise<number> {
  const { network, channel, closed } = connection;
  try {
    const answer = await onOwnPeer(connection, network.getContract('qscc'), 'GetChainInfo', [channel]);
    return common.BlockchainInfo.deserializeBinary(answer).getHeight();
  } catch (error) {
    throw failureBeforeSubmission(error, closed.aborted);
  }
}
