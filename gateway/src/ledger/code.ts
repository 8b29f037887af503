import { queries, RunningCode } from '@chartkey/vocabulary';
import { peer } from '@hyperledger/fabric-protos';
import { type Connection, onOwnPeer } from './connection.ts';
import { failureBeforeSubmission } from './failures.ts';
import { parsed } from './parsed.ts';

/** See `Ledger.approvedCode`: Fabric's lifecycle system chaincode answers every member. */
export async function approvedCode(connection: Connection, chaincode: string): Promise<string> {
  const { network, closed } = connection;
  const asked = new peer.lifecycle.QueryChaincodeDefinitionArgs();
  asked.setName(chaincode);
  try {
    const lifecycle = network.getContract('_lifecycle');
    const answer = await onOwnPeer(connection, lifecycle, 'QueryChaincodeDefinition', [
      asked.serializeBinary(),
    ]);
    return peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer).getVersion();
  } catch (error) {
    throw failureBeforeSubmission(error, closed.aborted);
  }
}

/** See `Ledger.runningCode`: the own peer passes the question on to that organisation's. */
export async function runningCode({ contract, closed }: Connection, organisation: string): Promise<string> {
  try {
    const answer = await contract.evaluate(queries.runningCode, { endorsingOrganizations: [organisation] });
    return RunningCode.parse(parsed(answer)).digest;
  } catch (error) {
    throw failureBeforeSubmission(error, closed.aborted);
  }
}
