import type { RaiseAlarm } from './alarm.ts';
import { alarmed, Disagreement } from './alarm.ts';
import type { Devices } from './devices.ts';
import type { Claim, Entitlement } from './entitlement.ts';
import type { GatewayDevice } from './gateway-device.ts';

export interface ClaimsParts {
  entitlement: Entitlement;
  devices: Devices;
  /** this gateway's own device */
  device: GatewayDevice;
  alarm: RaiseAlarm;
}

/** What our own ledger says of accesses of ours, before their custodian is asked. */
export class Claims {
  constructor(private readonly parts: ClaimsParts) {}

  /** @throws Failure as `Entitlement.claim`; LEDGER_DISAGREES, with an alarm */
  async of(access: string): Promise<Claim> {
    const { entitlement, devices, device, alarm } = this.parts;
    try {
      return await entitlement.claim(access, await devices.approved(device.device));
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error;
      throw alarmed(alarm, { code: 'LEDGER_DISAGREES', what: error.message, about: { access } });
    }
  }
}
