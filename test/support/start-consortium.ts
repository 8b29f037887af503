import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { FabricUnderneath } from '../../network/fabric/fabric-underneath.ts';
import { findPrograms } from '../../network/fabric/programs.ts';
import { freePortBase, ledgerKind, ownFolder } from './consortium.ts';

/**
 * Settings that let one address play many hospitals' worth of clients; and a test that got no processor for
 * seconds finds its connections as it left them.
 */
export const busyGateway = {
  KEEP_ALIVE_SECONDS: '60',
  STATEMENTS_PER_SIGNER: '100000',
  REVOCATIONS_PER_SIGNER: '100000',
  STATEMENTS_PER_ADDRESS: '100000',
  TOKENS_PER_ADDRESS: '100000',
};

/** jest's globalSetup: one consortium for every suite that needs one, on real Fabric where LEDGER=fabric. */
export default async function startConsortium(): Promise<void> {
  const { folder, remove } = ownFolder();
  const portBase = await freePortBase();
  const run = await ConsortiumRun.start({
    dataDir: folder,
    portBase,
    gatewayEnv: busyGateway,
    ...(ledgerKind === 'fabric' && {
      underneath: new FabricUnderneath(folder, portBase, await findPrograms()),
    }),
  });
  process.env['CONSORTIUM_DATA_DIR'] = folder;
  process.env['CONSORTIUM_PORT_BASE'] = String(portBase);
  globalThis.consortiumRun = { stop: () => run.stop().finally(remove) };
}

declare global {
  var consortiumRun: { stop(): Promise<void> } | undefined;
}
