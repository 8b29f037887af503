import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DEMO_CONSORTIUM, type LedgerAccess } from '@chartkey/network';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, GatewayError, hash, signers } from '@hyperledger/fabric-gateway';

/** fabric-gateway as its documentation shows it, with its own signer. */
export interface RawClient {
  contract: Contract;
  close(): void;
}

export function rawClient(access: LedgerAccess, organisation: string): RawClient {
  const client = new Client(access.endpoint, credentials.createSsl(readFileSync(access.tlsRoot)), {
    'grpc.ssl_target_name_override': access.serverName,
  });
  const gateway = connect({
    client,
    identity: { mspId: organisation, credentials: readFileSync(access.certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(access.privateKey))),
    hash: hash.sha256,
  });
  const contract = gateway.getNetwork(DEMO_CONSORTIUM.channel).getContract(DEMO_CONSORTIUM.chaincode);
  const close = () => {
    gateway.close();
    client.close();
  };
  return { contract, close };
}

/**
 * Submits, and again where orderers or peers would not take it: Fabric's may refuse some for a moment, above all
 * just after they started. What is submitted must bear being done twice.
 */
export async function persistently(contract: Contract, name: string, ...words: string[]): Promise<void> {
  for (let left = 8; ; left -= 1) {
    try {
      await contract.submitTransaction(name, ...words);
      return;
    } catch (error) {
      if (left === 0 || !(error instanceof GatewayError)) throw error;
      await pause(500);
    }
  }
}
