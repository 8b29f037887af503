import { thumbprint } from '@chartkey/vocabulary';
import { DeviceKeys, readAs } from './keys.ts';
import { approveDevice, renewDevice, revokeDevice } from './orders.ts';
import { rotateMasterKey } from './rotation.ts';
import { asMaster, endOf, onLedger, type Step, signedIn } from './step.ts';

/** What a member does with its master key once the network stands. */
export const masterSteps: Record<string, Step> = {
  'approve-device': {
    takes: 'SIGNED KEY KEYS gateway|ehr',
    says: 'has the master key approve a device; reads a gateway’s settings',
    does([path = '', key = '', keys = '', use = ''], env) {
      if (use !== 'gateway' && use !== 'ehr')
        throw new Error(`${use} is no use of a device: gateway, or ehr.`);
      const device = readAs(DeviceKeys, keys, 'a device’s keys');
      return asMaster(env, path, key, async (ledger, order) => {
        const fresh = await approveDevice(ledger, { ...order, device, use });
        return `${fresh ? 'Approved' : 'Approved already'}: ${device.device} of ${order.organisation}`;
      });
    },
  },
  'renew-device': {
    takes: 'SIGNED KEY THUMBPRINT until',
    says: 'has the master key end a device’s approval with a day such as 2027-12-31; reads a gateway’s settings',
    does([path = '', key = '', device = '', day = ''], env) {
      const validUntil = endOf(day);
      return asMaster(env, path, key, async (ledger, order) => {
        await renewDevice(ledger, { ...order, device, validUntil });
        return `Renewed: ${device} of ${order.organisation}, until ${day}`;
      });
    },
  },
  'revoke-device': {
    takes: 'SIGNED KEY THUMBPRINT',
    says: 'has the master key revoke a device, for good; reads a gateway’s settings',
    does([path = '', key = '', device = ''], env) {
      return asMaster(env, path, key, async (ledger, order) => {
        await revokeDevice(ledger, { ...order, device });
        return `Revoked: ${device} of ${order.organisation}`;
      });
    },
  },
  'rotate-master-key': {
    takes: 'SIGNED KEY',
    says: 'puts a new master key in this one’s place, in its file too; what breaks off is finished by the same order again; reads a gateway’s settings',
    async does([path = '', key = ''], env) {
      const signed = signedIn(path);
      const { organisation, masterKey } = await onLedger(env, signed, (ledger) =>
        rotateMasterKey(ledger, signed.genesis, key),
      );
      return `Rotated: ${thumbprint(masterKey)} of ${organisation}`;
    },
  },
};
