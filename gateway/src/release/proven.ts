import {
  type ApprovedDevice,
  checkIsUnsuspected,
  checkMayWiden,
  checkSignature,
  grantIn,
  type OpeningUse,
  passedOn,
  patientsAuthor,
  practitionersAuthor,
  provenOpening,
  type ReadStatement,
  type Trust,
  verifyApproval,
  verifyRegistration,
} from '@chartkey/rules';
import {
  type Act,
  Failure,
  type Grant,
  instantAt,
  type LiveOpening,
  millisecondsOf,
  type Patient,
  PractitionerKey,
  queries,
  type Relation,
  type StatementOf,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import { Chains } from './chains.ts';
import { ProvenMasterKeys } from './master-keys.ts';
import { Recent } from './recent.ts';
import { Standings } from './standings.ts';
import type { Accepted, Queries, Statements } from './statements.ts';

/** Devices, practitioners and grants whose proof is kept, each; about 1 KB a piece. */
const KEPT = 8192;
/** Milliseconds by which a grant may seem younger than the link of the chain that came after it. */
const TOLERANCE = 120_000;

/**
 * What accepted statements prove, by their ids: a statement never changes, so it is verified once however
 * many releases rest on it. Revocation is not part of it.
 */
export class Proven {
  private readonly devices = new Recent<string, Promise<ApprovedDevice>>(KEPT);
  private readonly practitioners = new Recent<string, Promise<PractitionerKey>>(KEPT);
  private readonly grants = new Recent<string, Promise<Grant>>(KEPT);
  readonly chains: Chains;
  readonly standings: Standings;
  private readonly masterKeys: ProvenMasterKeys;

  constructor(
    private readonly ledger: Queries,
    private readonly statements: Statements,
    private readonly trust: Trust,
  ) {
    this.masterKeys = new ProvenMasterKeys(ledger, statements, trust);
    this.chains = new Chains(ledger, statements);
    this.standings = new Standings({
      trust,
      statements,
      chains: this.chains,
      practitioner: (key) => this.practitionerOf(key),
      masterKey: (organisation, kid, time) => this.masterKeys.at(organisation, kid, time),
    });
  }

  /** @throws Failure when the approval or its renewal does not verify; as `Statements.of` */
  async device(approval: string, renewal?: string): Promise<ApprovedDevice> {
    return this.devices.obtain(`${approval} ${renewal ?? ''}`, async () => {
      const { statement: approving, time: approvedAt } = await this.accepted(approval, 'approveDevice');
      const { iss: organisation } = approving.payload;
      const key = await this.masterKeys.at(organisation, approving.kid, approvedAt);
      const device = verifyApproval(approving.compact, this.trust, key);
      if (renewal === undefined) return device;
      const { statement, time } = await this.accepted(renewal, 'renewDevice');
      const { iss, device: renewed, validUntil } = statement.payload;
      const present = await this.masterKeys.at(iss, statement.kid, time);
      checkSignature(statement, present, this.trust.network, this.trust.checks);
      if (renewed !== device.device || iss !== device.organisation) throw new Failure('DEVICE_UNKNOWN');
      return { ...device, validUntil: millisecondsOf(validUntil) };
    });
  }

  /** A patient's grant, made by it or a delegate, or passed on from one. @throws Failure when it does not verify */
  async grant(id: string, patient: string): Promise<Grant> {
    return this.grants.obtain(`${patient} ${id}`, async () => {
      const accepted = await this.statements.of(id);
      if (accepted.statement.payload.act === 'passOn') return this.referral(id, patient);
      const { statement, time } = accepted;
      if (statement.payload.act === 'enrolPatient') {
        // Only the enrolment that the chain begins with was verified.
        const { statement: first } = await this.standings.after(patient, 1);
        if (first !== id) throw new Failure('NO_GRANT');
        return grantIn(statement, patient);
      }
      const standing = await this.widened(patient, accepted);
      const author = await patientsAuthor(statement, standing, this.standings.signersAt(time), time);
      checkIsUnsuspected(standing, author, 'grantConsent', time);
      return grantIn(statement, patient);
    });
  }

  /** A grant that a practitioner of the grantee passed on, and the one it came from. */
  private async referral(id: string, patient: string): Promise<Grant> {
    const accepted = await this.accepted(id, 'passOn');
    const { statement, time } = accepted;
    const { payload } = statement;
    await this.widened(patient, accepted);
    const { key } = await practitionersAuthor(statement, this.standings.signersAt(time), time);
    const original = await this.grant(payload.grant, patient);
    if (payload.patient !== patient) throw new Failure('PASS_ON_NOT_GRANTED');
    return passedOn(original, key, { id, to: payload.to });
  }

  /** A treatment that an organisation's practitioner declared. @throws Failure when it does not verify */
  async treatment(id: string, patient: string, organisation: string): Promise<Relation['treatment']> {
    const { statement, time } = await this.accepted(id, 'declareTreatment');
    const { key } = await practitionersAuthor(statement, this.standings.signersAt(time), time);
    if (key.organisation !== organisation || statement.payload.patient !== patient) {
      throw new Failure('TREATMENT_REQUIRED');
    }
    return { statement: id, until: statement.payload.until };
  }

  /**
   * A broken glass as its statements prove it at the time it is used.
   * @param opening id of its statement @param second of its second's, if any
   * @throws Failure when one does not verify
   */
  async opening(
    { opening, second }: { opening: string; second?: string | undefined },
    use: Omit<OpeningUse, 'genesis'>,
  ): Promise<LiveOpening> {
    const texts = {
      opening: await this.statements.textOf(opening),
      second: second === undefined ? undefined : await this.statements.textOf(second),
    };
    const { genesis } = this.trust;
    return provenOpening(texts, { ...use, genesis }, this.standings.signersAt(use.time));
  }

  /** A practitioner's key, as the master key registered it; state only says where that stands. */
  private async practitionerOf(key: string): Promise<PractitionerKey | undefined> {
    const known = await this.practitioners
      .obtain(key, () => this.registration(key))
      .catch((error: unknown) => {
        if (error instanceof Failure && error.code === 'PRACTITIONER_UNKNOWN') return undefined;
        throw error;
      });
    return known;
  }

  private async registration(id: string): Promise<PractitionerKey> {
    const state = PractitionerKey.safeParse(await this.ledger.evaluate(queries.practitioner, id));
    if (!state.success) throw new Disagreement('a practitioner’s key is not stored as one');
    const { statement, time } = await this.accepted(state.data.statement, 'registerPractitioner');
    const { iss } = statement.payload;
    const masterKey = await this.masterKeys.at(iss, statement.kid, time);
    const registration = verifyRegistration(statement.compact, masterKey, this.trust);
    if (registration.key !== id) throw new Disagreement('a practitioner’s registration is for another key');
    return { ...registration, registeredAt: instantAt(time), status: 'registered' };
  }

  private async accepted<Verb extends Act>(
    id: string,
    act: Verb,
  ): Promise<Accepted & { statement: ReadStatement<StatementOf<Verb>> }> {
    const { statement, ...rest } = await this.statements.of(id);
    if (statement.payload.act !== act)
      throw new Disagreement('a statement is of another kind than it stands for');
    return { ...rest, statement: statement as ReadStatement<StatementOf<Verb>> };
  }

  /**
   * What stood about a patient when a grant was accepted: nothing that kept anybody from widening.
   * @throws Failure PATIENT_FROZEN, RECOVERY_PROBATION
   */
  private async widened(patient: string, { links = 1, time }: Accepted): Promise<Patient> {
    await this.checkWasThen(patient, links, time);
    const standing = await this.standings.after(patient, links);
    checkMayWiden(standing, 'grantConsent', time);
    return standing;
  }

  /** State names the links at which a grant was accepted: the next link cannot be much older than the grant. */
  private async checkWasThen(patient: string, links: number, time: number): Promise<void> {
    const length = await this.chains.lengthNow(patient);
    if (length === undefined || length <= links) return;
    const next = await this.chains.link(patient, links);
    if (next.time < time - TOLERANCE) throw new Disagreement('a grant is younger than what came after it');
  }
}
