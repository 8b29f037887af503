import type { Ledger } from '@chartkey/gateway';
import { DeviceKeys, readAs } from '../member/keys.ts';
import { approveDevice, registerConsortium } from '../member/orders.ts';
import { type Founding, foundingFiles } from './founding.ts';

/**
 * Brings the ledger up to the founding: the consortium registered, each organisation's gateway and EHR
 * device approved. What is there already stays, so it may be killed at any moment and run again.
 */
export async function register(founding: Founding, dataDir: string, ledger: Ledger): Promise<void> {
  const { network, signed, credentials } = founding;
  await registerConsortium(ledger, signed);
  const { gatewayDevice } = foundingFiles(dataDir);
  await Promise.all(
    credentials.organisations.map(async ({ id: organisation, masterKey, ehr }) => {
      const gateway = readAs(DeviceKeys, gatewayDevice(organisation), 'a device’s keys');
      await approveDevice(ledger, { network, organisation, masterKey, device: gateway, use: 'gateway' });
      await approveDevice(ledger, { network, organisation, masterKey, device: ehr, use: 'ehr' });
    }),
  );
}
