import { type ApprovedDevice, checkApproval, type Trust } from '@chartkey/rules';
import { Device, Failure, queries } from '@chartkey/vocabulary';
import { alarmed, Disagreement, type RaiseAlarm } from './alarm.ts';
import { Recent } from './recent.ts';
import type { Queries, Statements } from './statements.ts';

const KEPT = 4096;
/** Anybody may name a device, so only so many unknown ones are looked up at a time. */
const MOST_LOOKUPS = 32;

export interface DevicesParts {
  ledger: Queries;
  statements: Statements;
  trust: Trust;
  alarm: RaiseAlarm;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Devices as their organisations' master keys approved them. State only says where the approval is found. */
export class Devices {
  /** a thumbprint is never approved twice, so its approval's id never changes */
  private readonly approvals = new Recent<string, Promise<string>>(KEPT);
  private lookups = 0;

  constructor(private readonly parts: DevicesParts) {}

  /**
   * A device that is approved now.
   * @throws Failure DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_EXPIRED, LEDGER_DISAGREES (with an alarm), BUSY
   */
  async approved(thumbprint: string): Promise<ApprovedDevice> {
    const { trust, now, alarm } = this.parts;
    try {
      const id = await this.approvals.obtain(thumbprint, () => this.findApproval(thumbprint));
      const device = checkApproval(await this.parts.statements.textOf(id), trust);
      if (device.validUntil !== undefined && now() > device.validUntil) throw new Failure('DEVICE_EXPIRED');
      return device;
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error;
      const { message: what } = error;
      throw alarmed(alarm, { code: 'LEDGER_DISAGREES', what, about: { device: thumbprint } });
    }
  }

  private async findApproval(thumbprint: string): Promise<string> {
    if (this.lookups >= MOST_LOOKUPS) throw new Failure('BUSY');
    this.lookups += 1;
    try {
      const found = Device.safeParse(await this.parts.ledger.evaluate(queries.device, thumbprint));
      if (!found.success) throw new Disagreement('a device is not stored as one');
      const { statement, organisation } = found.data;
      this.checkBearsOut(await this.parts.statements.textOf(statement), thumbprint, organisation);
      return statement;
    } finally {
      this.lookups -= 1;
    }
  }

  private checkBearsOut(approval: string, thumbprint: string, organisation: string): void {
    let device: ApprovedDevice;
    try {
      device = checkApproval(approval, { ...this.parts.trust, isRevoked: () => false });
    } catch {
      throw new Disagreement('a device’s approval does not verify');
    }
    if (device.device !== thumbprint || device.organisation !== organisation) {
      throw new Disagreement('a device’s approval is for another device');
    }
  }
}
