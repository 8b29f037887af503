import {
  type AcceptedStatement,
  type Correction,
  Denial,
  decodeBase64url,
  type HeardEvent,
  ListedAccess,
  ListedGrant,
  type PatientAnswer,
  page,
  ReadersAnswer,
  type RefusalReason,
  type StoredRecord,
} from '@chartkey/vocabulary';
import { confirmAnchor } from './anchors.ts';
import { Approving, type ApprovingOptions, type RuleWords, type ShownRequest } from './approvals.ts';
import { type Carried, carried } from './carrying.ts';
import type { RecordContent } from './content.ts';
import type { EventOptions } from './events.ts';
import type { Gateway } from './gateway.ts';
import { provenGateway } from './gateway-device.ts';
import type { Keys, WebKeys } from './keys.ts';
import { sealLabelKey } from './label-key.ts';
import { type Labels, LabelsByCustodian } from './labels.ts';
import type { Listing } from './listing.ts';
import { Person, type PersonOptions } from './person.ts';
import { UnexpectedAnswer, WrongGateway } from './problems.ts';
import type { EndToEndOptions } from './reading.ts';
import { Session } from './session.ts';
import type { DenialWords, GrantWords, SignedStatement } from './statements.ts';
import type { Content, NewRecordOptions, StoreOptions } from './upload.ts';

export interface PatientOptions extends PersonOptions {
  /** keys of labels by custodian, as `labelKeys` gave them, or what makes them */
  labelKeys?: Readonly<Record<string, string>> | ((custodian: string) => string) | undefined;
}

export interface EnrolmentOptions {
  /** who may record */
  recorder?: string;
  /** the approval of the recorder's gateway device (`device.gatewayApproval()`): brings it the key for labels */
  approval?: string;
}

export interface OwnRecordOptions extends NewRecordOptions {
  /** for whom a delegate records; itself unless given */
  patient?: string;
  /** what is wrong with another record about the patient; its newest version unless one is named */
  corrects?: { record: string; version?: number; correction: Correction };
}

export interface CarryOptions {
  /** the gateway of another organisation, as `connect` found it with the pinned network id */
  second?: Gateway | undefined;
}

export interface PatientReadOptions extends EndToEndOptions, CarryOptions {
  /** whose record it is, for a delegate */
  patient?: string;
}

/** A patient, or the app that holds the patient's keys: decides, sees every look, takes back. */
export class Patient extends Person {
  private readonly approving: Approving;
  readonly #labels: LabelsByCustodian;

  constructor(gateway: Gateway, keys: Keys, options: PatientOptions = {}) {
    super(gateway, keys, options);
    this.approving = new Approving(this.statements);
    this.#labels = new LabelsByCustodian(options.labelKeys);
  }

  /** The statement that a reception desk's device hands in with `device.enrol`. */
  async enrolmentStatement(options: EnrolmentOptions = {}): Promise<SignedStatement> {
    const { recorder, approval } = options;
    const labelKey =
      recorder !== undefined && approval !== undefined
        ? await this.sealedLabelKey(recorder, approval)
        : undefined;
    return this.statements.author.enrolPatient(this.keys.enc, recorder, labelKey);
  }

  /** The patient's labels at a custodian; their key is made at the first call. */
  labelsAt(custodian: string): Labels {
    return this.#labels.at(custodian);
  }

  /** The keys of all labels, by custodian: to be kept as safely as the patient's own. */
  get labelKeys(): Record<string, string> {
    return this.#labels.keys;
  }

  /**
   * The key of the labels at a custodian, sealed for its gateway: the `labelKey` of a grant to record there.
   * @param approval of its gateway device, as another session gave it; asked for unless given
   * @throws GatewayUnproven
   */
  async sealedLabelKey(custodian: string, approval?: string): Promise<string> {
    const found = approval ?? (await this.gatewayApproval(custodian));
    const { enc } = await provenGateway(found, this.gateway, custodian);
    const use = { network: this.gateway.network, patient: this.id, custodian };
    return sealLabelKey(decodeBase64url(this.labelsAt(custodian).key), enc, use);
  }

  /**
   * Adds a record of the patient's own, at the gateway's hospital.
   * @throws ProblemError NOT_KEPT_HERE, TOO_MANY_REQUESTS and the like, with the Idempotency-Key
   */
  storeRecord(content: Content, mediaType: string, options: OwnRecordOptions = {}): Promise<StoredRecord> {
    const { patient = this.id, labels: label, corrects } = options;
    const { record, version, correction } = corrects ?? {};
    const query = { patient, label, corrects: record, 'corrects-version': version, correction };
    return this.store({ method: 'POST', path: '/v1/records', query }, content, mediaType, options);
  }

  /** Adds the next version of such a record. @param replaces the newest version known here */
  storeVersion(
    record: string,
    replaces: number,
    content: Content,
    mediaType: string,
    options: StoreOptions = {},
  ): Promise<StoredRecord> {
    return this.replace({ record, replaces }, content, mediaType, options);
  }

  /** Names the record that any break-glass shows, locked or not; none without one. */
  setEmergencyCard(record?: string): Promise<AcceptedStatement> {
    const { author } = this.statements;
    return this.statements.numbered((seq) => author.sign({ act: 'setEmergencyCard', seq, record }));
  }

  /** Grants consent; the answer's `id` is the grant's. */
  grant(words: GrantWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.grantConsent(seq, words));
  }

  /**
   * Takes a grant back. It needs no number, so it can go through any gateway at any time. Done only once another
   * organisation's gateway says the same: without a `second` that is this gateway's word alone.
   * @throws also ReceiptsDisagree
   */
  async revoke(grant: string, options: CarryOptions = {}): Promise<Carried> {
    return this.carry(await this.statements.author.revokeConsent(grant), options);
  }

  /** Hands the same statement in again, here and at the second gateway: it has its first outcome. */
  async carry(statement: SignedStatement, { second }: CarryOptions = {}): Promise<Carried> {
    const way = { first: this, second: second && this.sessionAt(second) };
    return carried(statement, way, () => this.statements.unnumbered(statement));
  }

  /**
   * Reads a record end to end, an own one or, for a delegate, one of whom it acts for. What was anchored is this
   * gateway's word; with a `second` another organisation's gateway must say the same before anything is opened.
   * @throws also WrongKey, Tampered, AnchorsDisagree; TypeError when the private `enc` key is not here
   */
  readRecord(record: string, options: PatientReadOptions = {}): Promise<RecordContent> {
    const { keys } = this;
    const { second, patient = this.id, ...rest } = options;
    if (!('pairs' in keys)) throw new TypeError('reading takes the private enc key');
    const other = second && this.sessionAt(second);
    return this.readSealed({
      ...rest,
      ...{ record, patient, purpose: 'PATRQT', network: this.gateway.network },
      ...{ signer: keys.sig, keys: keys as WebKeys },
      ...(other && { confirm: (said) => confirmAnchor(said, other, rest.version) }),
    });
  }

  /** @throws WrongGateway unless it is another organisation's, in the same network */
  private sessionAt(gateway: Gateway): Session {
    const { network, organisation } = this.gateway;
    if (gateway.network !== network || gateway.organisation === organisation) {
      throw new WrongGateway(`${gateway.url}: not another organisation’s gateway of ${network}`);
    }
    return new Session(gateway, { signer: this.keys.sig, issuer: this.id });
  }

  /** Shuts somebody out, or something off, whatever is granted; the answer's `id` is the denial's. */
  deny(words: DenialWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.statements.author.sign({ act: 'denyAccess', seq, ...words }),
    );
  }

  liftDenial(denial: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.sign({ act: 'liftDenial', seq, denial }));
  }

  /** Reading what the rule is on takes so many approvals from now on; the answer's `id` is the rule's. */
  layRule(words: RuleWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.sign({ act: 'layRule', seq, ...words }));
  }

  /** Ends a rule, what is asked for under it, and what was approved. */
  liftRule(rule: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.sign({ act: 'liftRule', seq, rule }));
  }

  /** Approves what was shown; the answer's `id` is the approval's. @throws also WrongRequest */
  approve(shown: ShownRequest, options?: ApprovingOptions): Promise<AcceptedStatement> {
    return this.approving.approve(shown, options);
  }

  /** @throws also WrongRequest */
  refuse(shown: ShownRequest, reason: RefusalReason, options?: ApprovingOptions): Promise<AcceptedStatement> {
    return this.approving.refuse(shown, reason, options);
  }

  /** Takes an approval back while its request is open; done as `revoke` is. @param approval its id */
  async withdrawApproval(approval: string, options: ApprovingOptions & CarryOptions = {}): Promise<Carried> {
    return this.carry(await this.approving.withdrawal(approval, options), options);
  }

  /** Who enrolled the patient, when, and which number comes next. */
  facts(): Promise<PatientAnswer> {
    return this.patientFacts(this.id);
  }

  records() {
    return this.recordsOf(this.id);
  }

  grants(): Listing<ListedGrant> {
    return this.list(page(ListedGrant), `/v1/patients/${this.id}/grants`);
  }

  /** The denials that stand. */
  denials(): Listing<Denial> {
    return this.list(page(Denial), `/v1/patients/${this.id}/denials`);
  }

  /** Who could read a record now, and why: every member, the patient, and who acts for it. */
  readers(record: string): Promise<ReadersAnswer> {
    return this.get(ReadersAnswer, `/v1/patients/${this.id}/readers?record=${encodeURIComponent(record)}`);
  }

  /** What would change for a record if a grant were revoked, or a denial lifted. */
  async ifRevoked(record: string, statement: string): Promise<NonNullable<ReadersAnswer['without']>> {
    const query = new URLSearchParams({ record, without: statement });
    const path = `/v1/patients/${this.id}/readers?${query}`;
    const { without } = await this.get(ReadersAnswer, path);
    if (!without) throw new UnexpectedAnswer(path, 'it says nothing of what would change');
    return without;
  }

  /** Every look at the patient's records, the refused ones included. */
  accesses(): Listing<ListedAccess> {
    return this.list(page(ListedAccess), `/v1/patients/${this.id}/accesses`);
  }

  /** What happens to the patient's records and grants, as it happens, for as long as it is iterated. */
  events(options: EventOptions = {}): AsyncGenerator<HeardEvent, void, undefined> {
    return this.follow(`/v1/patients/${this.id}/events`, options);
  }
}
