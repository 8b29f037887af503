import {
  type AcceptedStatement,
  ApprovalAnswer,
  BrokenGlass,
  type HeardEvent,
  KeptReason,
  OfferAnswer,
  type Purpose,
  page,
  type StoredRecord,
} from '@chartkey/vocabulary';
import { type Practice, randomId } from './assertion.ts';
import type { Call } from './calls.ts';
import { contentOf, type LateContent, lateContentOf, type RecordContent } from './content.ts';
import type { EventOptions } from './events.ts';
import type { Gateway } from './gateway.ts';
import { type GlassBreaking, glassHeader } from './glass.ts';
import type { Signer } from './keys.ts';
import type { Listing } from './listing.ts';
import { scannedOffer } from './offer.ts';
import type { OpeningKeys } from './opening/data-key.ts';
import type { EndToEndOptions } from './reading.ts';
import { Session } from './session.ts';
import type { SignedStatement } from './statements.ts';
import type { Content, NewRecordOptions, StoreOptions } from './upload.ts';
import { type LateRead, requestOf } from './without-ledger.ts';

export interface ReadOptions {
  /** the newest unless given */
  version?: number;
  /** which of the session's purposes; needed when there are several */
  purpose?: Purpose;
  /** what breaks the glass and who stands behind it: the purpose is then ETREAT unless another is named */
  breakGlass?: GlassBreaking;
  /** bytes, both ends included; to the end without `last` */
  range?: { first: number; last?: number };
  /** reads with one key share one access and one use; random unless given, so that a retry shares it too */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** A device of an organisation, an EHR's back end say, in the name of one practitioner, role and purposes. */
export class Device extends Session {
  constructor(
    gateway: Gateway,
    readonly signer: Signer,
    readonly practice: Practice,
  ) {
    super(gateway, { signer, practice });
  }

  /** The device's id. */
  get id(): string {
    return this.signer.id;
  }

  /** Stores the first version of a record about a patient. @throws ProblemError and the like, with the key */
  storeRecord(
    patient: string,
    content: Content,
    mediaType: string,
    options: NewRecordOptions = {},
  ): Promise<StoredRecord> {
    const query = { patient, label: options.labels };
    const to = { method: 'POST', path: '/v1/records', query } as const;
    return this.store(to, content, mediaType, options);
  }

  /** Stores the next version of a record, at its custodian. @param replaces the newest version known here */
  storeVersion(
    record: string,
    replaces: number,
    content: Content,
    mediaType: string,
    options: StoreOptions = {},
  ): Promise<StoredRecord> {
    return this.replace({ record, replaces }, content, mediaType, options);
  }

  /** Reads a record's content. Each call is an access on the ledger, refused ones included. */
  async readRecord(record: string, options: ReadOptions = {}): Promise<RecordContent> {
    const { version, purpose, range, signal } = options;
    const repeats = this.gateway.calls.retries !== undefined;
    const call: Call = {
      method: 'GET',
      path: `/v1/records/${encodeURIComponent(record)}/content`,
      query: { version },
      headers: {
        'Idempotency-Key': options.idempotencyKey ?? (repeats ? randomId() : undefined),
        'Purpose-Of-Use': purpose,
        'Break-Glass': glassHeader(options.breakGlass),
        Range: range && `bytes=${range.first}-${range.last ?? ''}`,
        // The digest is of the bytes as stored.
        'Accept-Encoding': 'identity',
      },
      signal,
    };
    const answer = await this.withToken(call, (calls, whole) => calls.answer(whole));
    return contentOf(answer, { url: this.gateway.calls.urlOf(call), version, range, signal });
  }

  /**
   * Asks the approvers of a record's rules, after a read said APPROVAL_REQUIRED. What is open or granted
   * already is answered again.
   * @param purpose which of the session's purposes; needed when there are several
   */
  async requestApproval(record: string, purpose?: Purpose): Promise<ApprovalAnswer> {
    const call: Call = {
      method: 'POST',
      path: '/v1/approvals',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: () => JSON.stringify({ record, purpose }),
    };
    return (await this.withToken(call, (calls, whole) => calls.json(ApprovalAnswer, whole))).value;
  }

  /**
   * Reads a record of this hospital's own vault in an emergency while the ledger cannot be reached, where its
   * operator named a witness: released once that has signed. Each call is a release of its own, and is never
   * repeated here.
   * @param glass what `signWithoutLedger` and a colleague's `secondWithoutLedger` made
   * @throws ProblemError LEDGER_REACHABLE or what the ledger says, when it is there after all; LOCAL_RELEASE_OFF,
   * WITNESS_UNAVAILABLE, BREAK_GLASS_LIMIT and the like
   */
  async readWithoutLedger(
    record: string,
    glass: readonly [opening: SignedStatement, second: SignedStatement],
    { version, signal }: LateRead = {},
  ): Promise<LateContent> {
    const [opening, second] = glass.map(({ text }) => text);
    const about = { record, version, opening: glass[0].id };
    const call: Call = {
      ...{ method: 'POST', path: '/v1/emergency-releases', signal, repeatable: false },
      headers: { 'Content-Type': 'application/json', 'Accept-Encoding': 'identity' },
      body: async () => JSON.stringify({ opening, second, request: await requestOf(this, about) }),
    };
    const answer = await this.gateway.calls.answer(call);
    return lateContentOf(answer, { url: this.gateway.calls.urlOf(call), version, signal });
  }

  /**
   * Has the words about an emergency kept sealed by the gateway. @returns what the statement says of them
   * @param salt of what was signed while the ledger was away
   */
  async keepReason(patient: string, words: string, salt?: string): Promise<string> {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    const call: Call = {
      ...{ method: 'POST', path: '/v1/break-glass-reasons', query: { patient }, headers },
      body: () => JSON.stringify({ words, salt }),
    };
    return (await this.withToken(call, (calls, whole) => calls.json(KeptReason, whole))).value.text;
  }

  /** Broken glass that awaits a review: of a privacy officer's own organisation; all or one's for a regulator. */
  unreviewed(organisation?: string): Listing<BrokenGlass> {
    return this.list(page(BrokenGlass), '/v1/break-glass', { organisation });
  }

  /**
   * Reads a record end to end: this device's key signs the read, and its `enc` key alone opens it. For devices
   * whose approval says `perRequestProof` the only way, for others one more.
   */
  readEndToEnd(
    record: string,
    keys: OpeningKeys,
    options: EndToEndOptions & Pick<ReadOptions, 'purpose' | 'breakGlass'> = {},
  ): Promise<RecordContent> {
    const [only, second] = this.practice.purposes;
    const { breakGlass, ...rest } = options;
    const alone = breakGlass ? 'ETREAT' : second === undefined ? only : undefined;
    const purpose = options.purpose ?? alone;
    if (purpose === undefined)
      throw new TypeError('the session has several purposes: name the one of this read');
    const { network } = this.gateway;
    const glass = glassHeader(breakGlass);
    return this.readSealed({ ...rest, record, purpose, network, signer: this.signer, keys, glass });
  }

  /**
   * Takes what a patient's app showed at the desk: uses it up, and enrols who is new, this device's organisation
   * vouching for who stands in front of it.
   * @throws TypeError when it is no offer; ProblemError OFFER_USED, OFFER_EXPIRED and the like
   */
  async takeOffer(scanned: string): Promise<OfferAnswer> {
    const body = JSON.stringify(scannedOffer(scanned));
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    const call: Call = { method: 'POST', path: '/v1/offers', headers, body: () => body, repeatable: false };
    return (await this.withToken(call, (calls, whole) => calls.json(OfferAnswer, whole))).value;
  }

  /** Hands in a patient's enrolment: this device's organisation vouches for who stands in front of it. */
  enrol(enrolment: SignedStatement | string): Promise<AcceptedStatement> {
    return this.submit(typeof enrolment === 'string' ? enrolment : enrolment.text);
  }

  /** What happens to the records in the organisation's custody, by its devices, and to those, as it happens. */
  events(options: EventOptions = {}): AsyncGenerator<HeardEvent, void, undefined> {
    return this.follow('/v1/events', options);
  }
}
