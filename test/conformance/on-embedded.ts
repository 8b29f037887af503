import { readCredential } from '../../network/identities.ts';
import { startTestLedger } from '../support/ledger.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';

export async function startOnEmbedded(): Promise<LedgerUnderTest> {
  const net = await startTestLedger();
  return {
    version: undefined,
    access: (organisation) => net.access(organisation),
    credential: (organisation, whose) =>
      readCredential(net.ledger.identities.organisations.get(organisation)![whose]!)!,
    killChaincode: () => net.chaincode.kill(),
    startChaincode: async () => {
      await net.chaincode.kill();
      net.chaincode.restart();
      while (!net.ledger.chaincodeConnected) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    restartOrderers: () => net.restart(),
    leavePeersOf: (organisations) => net.restart({ endorsingPeers: organisations }),
    stop: () => net.stop(),
  };
}
