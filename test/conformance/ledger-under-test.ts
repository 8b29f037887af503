import type { LedgerAccess } from '@chartkey/network';
import type { Credential } from '../../network/certificates.ts';
import { ledgerKind } from '../support/consortium.ts';

/** A network with the notes chaincode, on the embedded ledger or on real Fabric. */
export interface LedgerUnderTest {
  /** Fabric's version; undefined on the embedded ledger. */
  readonly version: string | undefined;
  access(organisation: string): LedgerAccess;
  /** Keys that a case signs with in somebody's place. `peer` only of care members. */
  credential(organisation: string, whose: 'authority' | 'client' | 'peer'): Credential;
  /** Ends every chaincode process at once. */
  killChaincode(): Promise<void>;
  /** Starts those that have ended, and waits until every member's peer endorses again. */
  startChaincode(): Promise<void>;
  /** Kills every orderer and starts it again; what they remember beside the blocks is gone. */
  restartOrderers(): Promise<void>;
  /** Takes the other members' peers down; on Fabric nobody has noticed yet when this resolves. */
  leavePeersOf(organisations: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** The ledger that LEDGER names. */
export async function startLedgerUnderTest(): Promise<LedgerUnderTest> {
  if (ledgerKind === 'fabric') return (await import('./on-fabric.ts')).startOnFabric();
  return (await import('./on-embedded.ts')).startOnEmbedded();
}
