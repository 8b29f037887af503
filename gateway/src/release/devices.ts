import type { ApprovedDevice, Trust } from '@chartkey/rules';
import { Device, Failure, queries } from '@chartkey/vocabulary';
import { alarmed, Disagreement, type RaiseAlarm, unproven } from './alarm.ts';
import type { Proven } from './proven.ts';
import { Recent } from './recent.ts';
import type { Queries } from './statements.ts';

const KEPT = 4096;
/** Anybody may name a device, so only so many unknown ones are looked up at a time. */
const MOST_LOOKUPS = 32;

export interface DevicesParts {
  ledger: Queries;
  proven: Proven;
  trust: Trust;
  alarm: RaiseAlarm;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Ids of the statements that approved and renewed a device. */
interface Approval {
  approval: string;
  renewal: string | undefined;
}

/** @throws Disagreement when a later renewal has taken this one's place, as our own blocks tell */
export function checkIsNewest(trust: Trust, device: string, renewal: string | undefined): void {
  if (isSuperseded(trust, device, renewal)) {
    throw new Disagreement('a device’s approval leaves out a later renewal');
  }
}

/** State may be ahead of our own blocks, never behind them. */
function isSuperseded(trust: Trust, device: string, renewal: string | undefined): boolean {
  const known = trust.restrictionsOf(device);
  const isOlder = renewal === undefined || known.includes(renewal);
  return known.length > 0 && known.at(-1) !== renewal && isOlder;
}

/** Devices as their organisations' master keys approved them. State only says where the approval is found. */
export class Devices {
  /** a thumbprint is never approved twice, so its approval's id never changes; a renewal may follow */
  private readonly approvals = new Recent<string, Promise<Approval>>(KEPT);
  private lookups = 0;

  constructor(private readonly parts: DevicesParts) {}

  /**
   * A device that is approved now.
   * @throws Failure DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_EXPIRED, LEDGER_DISAGREES (with an alarm), BUSY
   */
  async approved(thumbprint: string): Promise<ApprovedDevice> {
    const { proven, trust, now, alarm } = this.parts;
    try {
      const find = () => this.approvals.obtain(thumbprint, () => this.findApproval(thumbprint));
      // A renewal may also end a device earlier than what was looked up.
      if (isSuperseded(trust, thumbprint, (await find()).renewal)) this.approvals.delete(thumbprint);
      const { approval, renewal } = await find();
      checkIsNewest(trust, thumbprint, renewal);
      const device = await proven.device(approval, renewal);
      if (trust.isRevoked(device.organisation, thumbprint)) throw new Failure('DEVICE_REVOKED');
      // It may have been renewed since it was looked up: the next question finds out.
      if (device.validUntil !== undefined && now() > device.validUntil) this.approvals.delete(thumbprint);
      if (device.validUntil !== undefined && now() > device.validUntil) throw new Failure('DEVICE_EXPIRED');
      return device;
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error;
      const { message: what } = error;
      throw alarmed(alarm, { code: 'LEDGER_DISAGREES', what, about: { device: thumbprint } });
    }
  }

  private async findApproval(thumbprint: string): Promise<Approval> {
    if (this.lookups >= MOST_LOOKUPS) throw new Failure('BUSY');
    this.lookups += 1;
    try {
      const found = Device.safeParse(await this.parts.ledger.evaluate(queries.device, thumbprint));
      if (!found.success) throw new Disagreement('a device is not stored as one');
      const { statement: approval, renewal, organisation } = found.data;
      await this.checkBearsOut({ approval, renewal }, thumbprint, organisation);
      return { approval, renewal };
    } finally {
      this.lookups -= 1;
    }
  }

  private async checkBearsOut(
    { approval, renewal }: Approval,
    thumbprint: string,
    organisation: string,
  ): Promise<void> {
    const device = await this.parts.proven.device(approval, renewal).catch((error: unknown) => {
      throw unproven(error, 'a device’s approval does not verify');
    });
    if (device.device !== thumbprint || device.organisation !== organisation) {
      throw new Disagreement('a device’s approval is for another device');
    }
  }
}
