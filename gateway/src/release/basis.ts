import { type ApprovedDevice, checkApproval, checkBasis, type Trust } from '@chartkey/rules';
import { type AccessEntry, Device, Failure, Grant, millisecondsOf, queries } from '@chartkey/vocabulary';
import * as z from 'zod';
import { Disagreement } from './alarm.ts';
import type { Queries, Statements } from './statements.ts';

/** Statement ids that the ledger names beside an entry. */
export interface NamedStatements {
  enrolment: string;
  approval: string;
}

export interface BasisParts {
  /** whose records are released here */
  organisation: string;
  ledger: Queries;
  statements: Statements;
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
    const { statements, trust, organisation } = this.parts;
    if (entry.basis === 'grant' && entry.grant === undefined) throw new Disagreement('an entry has no basis');
    const [approval, enrolment, grant] = await Promise.all([
      statements.textOf(named.approval),
      statements.textOf(named.enrolment),
      entry.grant === undefined ? undefined : statements.textOf(entry.grant),
    ]);
    let device: ApprovedDevice;
    const revoked: ('device' | 'grant')[] = [];
    const watching = (what: 'device' | 'grant'): Trust => ({
      ...trust,
      isRevoked(issuer, target) {
        if (trust.isRevoked(issuer, target)) revoked.push(what);
        return false;
      },
    });
    try {
      device = checkApproval(approval, watching('device'));
      checkBasis(entry, organisation, { enrolment, grant }, watching('grant'));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Disagreement(`the statements behind a granted access fail with ${error.code}`);
    }
    checkIsEntrysDevice(device, entry);
    if (revoked.includes('device')) await this.refuseRevokedDevice(entry);
    if (revoked.includes('grant')) await this.refuseRevokedGrant(entry);
    return device;
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
