import { type ApprovedDevice, checkBasis, type Trust } from '@chartkey/rules';
import { type AccessEntry, Device, Failure, Grant, millisecondsOf, queries } from '@chartkey/vocabulary';
import * as z from 'zod';
import { Disagreement, unproven } from './alarm.ts';
import type { Proven } from './proven.ts';
import type { Queries } from './statements.ts';

const broken = 'the statements behind a granted access do not verify';

/** Statement ids that the ledger names beside an entry. */
export interface NamedStatements {
  enrolment: string;
  approval: string;
}

export interface BasisParts {
  /** whose records are released here */
  organisation: string;
  ledger: Queries;
  proven: Proven;
  trust: Trust;
}

/**
 * Verifies from statements alone that a granted entry stands: genesis -> master key -> its device, and
 * patient id -> key -> grant (ledger.md, "Release rests on statements"). State's word is only compared.
 */
export class Basis {
  constructor(private readonly parts: BasisParts) {}

  /**
   * @returns the entry's device as approved
   * @throws Disagreement when state granted what the statements do not bear out
   * @throws Failure DEVICE_REVOKED or NO_GRANT when it was revoked meanwhile; LEDGER_UNAVAILABLE, BUSY, BROKEN
   */
  async verify(entry: AccessEntry, named: NamedStatements): Promise<ApprovedDevice> {
    const { trust } = this.parts;
    if (entry.basis === 'grant' && entry.grant === undefined) throw new Disagreement('an entry has no basis');
    const { device, patient, grant } = await this.provenOf(entry, named);
    let revokedGrant = false;
    const watching = (issuer: string, target: string) => {
      revokedGrant ||= trust.isRevoked(issuer, target);
      return false;
    };
    try {
      checkBasis(entry, this.parts.organisation, { patient, grant }, { ...trust, isRevoked: watching });
    } catch (error) {
      throw unproven(error, broken);
    }
    checkIsEntrysDevice(device, entry);
    if (trust.isRevoked(device.organisation, device.device)) await this.refuseRevokedDevice(entry);
    if (revokedGrant) await this.refuseRevokedGrant(entry);
    return device;
  }

  private async provenOf(entry: AccessEntry, { approval, enrolment }: NamedStatements) {
    const { proven } = this.parts;
    try {
      const [device, patient] = await Promise.all([proven.device(approval), proven.patient(enrolment)]);
      const grant = entry.grant === undefined ? undefined : await proven.grant(entry.grant, patient);
      return { device, patient, grant };
    } catch (error) {
      throw unproven(error, broken);
    }
  }

  /** Our own set of revocations is never ahead of our peer's state, so state must know of this one. */
  private async refuseRevokedDevice({ device }: AccessEntry): Promise<never> {
    const state = Device.safeParse(await this.parts.ledger.evaluate(queries.device, device));
    if (!state.success || state.data.status !== 'revoked') {
      throw new Disagreement('state holds a revoked device as approved');
    }
    throw new Failure('DEVICE_REVOKED');
  }

  private async refuseRevokedGrant({ patient, organisation, grant }: AccessEntry): Promise<never> {
    const answer = await this.parts.ledger.evaluate(queries.grants, patient, organisation);
    const state = z.array(Grant).safeParse(answer);
    if (!state.success || state.data.some((one) => one.grant === grant)) {
      throw new Disagreement('state holds a revoked grant as live');
    }
    throw new Failure('NO_GRANT');
  }
}

function checkIsEntrysDevice(device: ApprovedDevice, entry: AccessEntry): void {
  if (device.device !== entry.device || device.organisation !== entry.organisation) {
    throw new Disagreement('an entry names another device than its approval');
  }
  if (device.validUntil !== undefined && millisecondsOf(entry.time) > device.validUntil) {
    throw new Disagreement('an entry was granted after its device’s approval had ended');
  }
}
