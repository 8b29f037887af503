import {
  type ApprovedDevice,
  type EnrolledPatient,
  type Founded,
  verifyApproval,
  verifyEnrolment,
  verifyGrant,
} from '@chartkey/rules';
import type { Grant } from '@chartkey/vocabulary';
import { Recent } from './recent.ts';
import type { Statements } from './statements.ts';

/** Devices, patients and grants whose proof is kept, each; about 1 KB a piece. */
const KEPT = 8192;

/**
 * What accepted statements prove, by their ids: a statement never changes, so it is verified once however
 * many releases rest on it. Revocation is not part of it.
 */
export class Proven {
  private readonly devices = new Recent<string, Promise<ApprovedDevice>>(KEPT);
  private readonly patients = new Recent<string, Promise<EnrolledPatient>>(KEPT);
  private readonly grants = new Recent<string, Promise<Grant>>(KEPT);

  constructor(
    private readonly statements: Statements,
    private readonly founded: Founded,
  ) {}

  /** @throws Failure when the approval does not verify; as `Statements.textOf` */
  async device(approval: string): Promise<ApprovedDevice> {
    return this.devices.obtain(approval, async () =>
      verifyApproval(await this.statements.textOf(approval), this.founded),
    );
  }

  /** @throws Failure when the enrolment does not verify; as `Statements.textOf` */
  async patient(enrolment: string): Promise<EnrolledPatient> {
    return this.patients.obtain(enrolment, async () =>
      verifyEnrolment(await this.statements.textOf(enrolment), this.founded),
    );
  }

  /** A grant made by this patient. @throws Failure when it does not verify; as `Statements.textOf` */
  async grant(id: string, patient: EnrolledPatient): Promise<Grant> {
    return this.grants.obtain(`${patient.patient} ${id}`, async () =>
      verifyGrant(await this.statements.textOf(id), patient, this.founded),
    );
  }
}
