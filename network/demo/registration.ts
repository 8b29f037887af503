import type { Ledger } from '@chartkey/gateway';
import { DeviceKeys, readAs } from '../member/keys.ts';
import { approveDevice, registerConsortium, registerPractitioner } from '../member/orders.ts';
import { type Founding, foundingFiles } from './founding.ts';

/** A demo's practitioners keep their keys as long as anybody keeps its folder. */
const PRACTITIONERS_UNTIL = '2099-12-31T23:59:59.999Z';

/**
 * Brings the ledger up to the founding: the consortium registered, each organisation's gateway and EHR
 * device approved, its practitioners' keys registered. What is there already stays, so it may be killed at any moment and run again.
 */
export async function register(founding: Founding, dataDir: string, ledger: Ledger): Promise<void> {
  const { network, signed, credentials } = founding;
  await registerConsortium(ledger, signed);
  const { gatewayDevice } = foundingFiles(dataDir);
  await Promise.all(
    credentials.organisations.map(async ({ id: organisation, masterKey, ehr, practitioners }) => {
      const gateway = readAs(DeviceKeys, gatewayDevice(organisation), 'a device’s keys');
      await approveDevice(ledger, { network, organisation, masterKey, device: gateway, use: 'gateway' });
      await approveDevice(ledger, { network, organisation, masterKey, device: ehr, use: 'ehr' });
      for (const one of practitioners) {
        const until = { validUntil: PRACTITIONERS_UNTIL };
        await registerPractitioner(ledger, { network, organisation, masterKey, ...one, ...until });
      }
    }),
  );
}
