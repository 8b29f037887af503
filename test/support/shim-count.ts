import { join } from 'node:path';
import type { Ledger } from '@chartkey/gateway';
import { connectTo, identityFiles, type LedgerAccess, startLedger } from '@chartkey/network';
import { found, onLoopback } from '../../network/demo/founding.ts';
import { register } from '../../network/demo/registration.ts';
import { type RelayPlace, type ShimCount, startRelay } from '../bench/shim-relay.ts';
import { ownFolder } from './consortium.ts';
import { startChaincode } from './ledger.ts';
import type { Stage } from './ledger-actor.ts';

/** An embedded ledger with the real chaincode, and a count of every message that the chaincode sent it. */
export interface CountedLedger extends Stage {
  connect(organisation: string): Ledger;
  of(transaction: string): ShimCount;
  stop(): Promise<void>;
}

/** The demo consortium, registered, without its gateways. @param change what its peer says to the chaincode, changed */
export async function startCountedLedger(change?: RelayPlace['change']): Promise<CountedLedger> {
  const { folder, remove } = ownFolder();
  const founding = found(folder, onLoopback(7001));
  const chaincode = await startChaincode(join(__dirname, '../../chaincode'));
  const relay = await startRelay({ chaincode: chaincode.address, change });
  const quiet = { port: 0, log: () => undefined };
  const ledger = await startLedger({ ...quiet, dataDir: folder, chaincodeAddress: relay.address });
  await ledger.chaincodeReady();
  const access = (organisation: string): LedgerAccess => ({
    ...{ endpoint: ledger.address, tlsRoot: ledger.tlsRootCertificate, serverName: 'localhost' },
    peerOrganisation: organisation,
    ...identityFiles(folder).organisations.get(organisation)!.client,
  });
  const connect = (organisation: string) => connectTo(access(organisation), organisation);
  const registrar = connect('RiversideMSP');
  await register(founding, folder, registrar).finally(() => registrar.close());
  return {
    credentials: founding.credentials,
    connect,
    of: relay.of,
    async stop() {
      await ledger.stop();
      relay.stop();
      await chaincode.kill();
      remove();
    },
  };
}
