import type {
  AcceptedStatement,
  ApprovalAnswer,
  Corrects,
  Denial,
  DeviceAnswer,
  EndToEndRead,
  LedgerEvent,
  ListedAccess,
  ListedDelegation,
  ListedDevice,
  ListedGrant,
  ListedRecord,
  Member,
  OfferAnswer,
  OfferRequest,
  OrganisationAnswer,
  PatientAnswer,
  Purpose,
  ReadersAnswer,
  RecordAnchor,
  ReleaseAnswer,
  Sensitivity,
  Session,
  SignedGenesis,
  StoredRecord,
  Webhook,
  WebhookRequest,
} from '@chartkey/vocabulary';
import type { LocalRelease } from './away/local-releases.ts';
import type { EmergencyVerbs } from './emergencies/verbs.ts';

/** Who is behind an access token: a live ledger session. */
export interface Caller {
  session: Session;
  /** the member whose device this is; absent for a patient */
  member?: Member;
}

/** A byte range as asked: both ends included, or the last `suffix` bytes (RFC 9110 section 14.1.2). */
export type ByteRange = { first: number; last?: number | undefined } | { suffix: number };

/**
 * Content ready to be served; every chunk of `body` is verified before it is yielded, and is then the reader's
 * own, who may give its memory back.
 */
export interface Content {
  access: string;
  version: number;
  mediaType: string;
  /** bytes of the whole content */
  length: number;
  /** SHA-256 of the whole content, standard base64 as RFC 9530 writes it */
  digest: string;
  /** the part served, both ends included; absent for the whole */
  part?: { first: number; last: number };
  body: AsyncIterable<Uint8Array>;
}

/** A part of a sealed stream, both ends included, and the length of the whole; nothing in it was opened here. */
export interface SealedBytes {
  first: number;
  last: number;
  length: number;
  body: AsyncIterable<Uint8Array>;
}

export interface Page<Item> {
  items: Item[];
  next?: string;
}

export interface Upload {
  caller: Caller;
  /** the client's Idempotency-Key, raw; never leaves the gateway */
  idempotencyKey: string;
  mediaType: string;
  /** a chunk is valid until the next one is asked for */
  content: AsyncIterable<Uint8Array>;
}

/** The newest version is meant unless one is named. */
export type Correcting = Omit<Corrects, 'version'> & { version?: number | undefined };

export interface NewRecord extends Upload {
  patient: string;
  /** what the record is sensitive for; the ledger gets its labels only */
  sensitivities?: Sensitivity[];
  /** what a patient says is wrong with another record about itself */
  corrects?: Correcting | undefined;
}

export interface AccessFilter {
  patient?: string | undefined;
  organisation?: string | undefined;
  device?: string | undefined;
  decision?: 'granted' | 'denied' | undefined;
  basis?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** Whose events are asked for: a patient's, or the caller's organisation's own. */
export interface EventsOf {
  patient?: string;
  after?: string | undefined;
}

/** Events as they come. Whoever has it calls `leave` at the end. */
export interface EventStream {
  /** where it begins: what came before this cursor is not in it */
  from: string;
  /** ends with the caller's session; one may be empty: nothing new for a while */
  batches: AsyncIterable<LedgerEvent[]>;
  leave(): void;
}

/**
 * What a gateway does, in verbs: the only thing the HTTP side knows of the ledger and the vault.
 * Every verb throws a `Failure` of the vocabulary; a refused read or list throws `Refused`.
 * RANGE_NOT_SATISFIABLE carries `length`, the bytes of the whole content.
 */
export interface Gateway {
  readonly network: string;
  readonly genesis: SignedGenesis;
  readonly organisation: Member;
  /** Verifies an RFC 7523 assertion, starts the ledger session, answers a token of 256 random bits. */
  startSession(assertion: string): Promise<{ token: string; expiresIn: number }>;
  /** The caller behind a token, while its session lives. */
  callerOf(token: string): Caller | undefined;
  /**
   * `repeated` when the same statement had its outcome before.
   * @param transaction where another gateway says that it stands already
   */
  submitStatement(
    statement: string,
    caller: Caller | undefined,
    transaction?: string,
  ): Promise<{ accepted: AcceptedStatement; repeated: boolean }>;
  /** Uses a patient's offer up, and hands in the enrolment that comes with it. */
  takeOffer(caller: Caller, request: OfferRequest): Promise<OfferAnswer>;
  /** Refuses before the first byte of content is read when the caller may not record. */
  storeRecord(upload: NewRecord): Promise<{ stored: StoredRecord; repeated: boolean }>;
  /** `replaces` is the version that If-Match names: undefined without one, 0 for a tag no version has. */
  storeVersion(
    upload: Upload & { record: string; replaces: number | undefined },
  ): Promise<{ stored: StoredRecord; repeated: boolean }>;
  anchorOf(caller: Caller, record: string): Promise<RecordAnchor>;
  /** Whether a read by this caller would find a place now, or would be BUSY at once. */
  hasRoomFor(caller: Caller): boolean;
  readContent(read: {
    caller: Caller;
    record: string;
    version?: number | undefined;
    purpose?: Purpose | undefined;
    idempotencyKey?: string | undefined;
    range?: ByteRange | undefined;
  }): Promise<Content>;
  /** @param request the reader's own `chartkey-request+jwt`: what is released is for that key alone */
  readEndToEnd(caller: Caller, request: string): Promise<EndToEndRead>;
  /** Sealed bytes of such a read, for the session that made it. */
  sealedRead(caller: Caller, access: string, range: ByteRange | undefined): Promise<SealedBytes>;
  /** For a device also the id of its `list` access. */
  recordsOf(
    caller: Caller,
    patient: string,
    page: { purpose?: Purpose | undefined; cursor?: string | undefined },
  ): Promise<{ page: Page<ListedRecord>; access?: string }>;
  /** What stands about a patient is for itself and who acts for it. */
  patientOf(caller: Caller, patient: string): Promise<PatientAnswer>;
  grantsOf(caller: Caller, patient: string, cursor?: string): Promise<Page<ListedGrant>>;
  /** The denials that stand. */
  denialsOf(caller: Caller, patient: string): Promise<Page<Denial>>;
  /** Who could read a record now, and why; and what were otherwise without a statement that stands. */
  readersOf(
    caller: Caller,
    patient: string,
    about: { record: string; without?: string | undefined },
  ): Promise<ReadersAnswer>;
  accessesOf(caller: Caller, patient: string, cursor?: string): Promise<Page<ListedAccess>>;
  /** Whom a person acts for. */
  delegationsOf(caller: Caller): Promise<Page<ListedDelegation>>;
  /** Logs a regulator's question on the ledger, then answers it. */
  auditAccesses(caller: Caller, filter: AccessFilter, cursor?: string): Promise<Page<ListedAccess>>;
  /** Events after a cursor, oldest first; a regulator's question about a patient is logged. */
  eventsOf(caller: Caller, of: EventsOf): Promise<Page<LedgerEvent>>;
  /** The same as they come, from now on unless `after` is given; a batch at least every `beat` milliseconds. */
  followEvents(
    caller: Caller,
    of: EventsOf,
    listening: { beat: number; signal: AbortSignal },
  ): Promise<EventStream>;
  /** `repeated` when the caller had this webhook before. */
  addWebhook(caller: Caller, request: WebhookRequest): Promise<{ webhook: Webhook; repeated: boolean }>;
  webhooksOf(caller: Caller): Promise<Webhook[]>;
  removeWebhook(caller: Caller, webhook: string): Promise<void>;
  /** `repeated` when nothing new had to be asked. */
  requestApproval(
    caller: Caller,
    ask: { record: string; purpose?: Purpose | undefined },
  ): Promise<{ asked: ApprovalAnswer; repeated: boolean }>;
  waitingApprovals(
    caller: Caller,
    page: { patient?: string | undefined; cursor?: string | undefined },
  ): Promise<Page<ApprovalAnswer>>;
  approvalOf(caller: Caller, request: string): Promise<ApprovalAnswer>;
  organisations(): Promise<OrganisationAnswer[]>;
  organisationOf(id: string): Promise<OrganisationAnswer>;
  devicesOf(organisation: string, cursor?: string): Promise<Page<ListedDevice>>;
  deviceOf(organisation: string, device: string): Promise<DeviceAnswer>;
  /** The custodian's side: `proof` is the Bearer JWT of the asking gateway's device. */
  release(access: string, proof: string): Promise<ReleaseAnswer>;
  /** Sealed bytes of a released access, both ends included. */
  sealedOf(access: string, proof: string, range: ByteRange | undefined): Promise<SealedBytes>;
  readonly emergencies: EmergencyVerbs;
  /** A record of the own vault in an emergency while the ledger is away; `number` is its entry's. */
  releaseLocally(asked: LocalRelease): Promise<Content & { number: number }>;
  /** Keeps another hospital's entry of such a release; answers the witness's word. */
  bearWitness(entry: string): Promise<string>;
  /** Why this gateway cannot serve now; empty when it can. */
  unready(): Promise<string[]>;
  close(): Promise<void>;
}
