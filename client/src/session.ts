import {
  ApprovalAnswer,
  BrokenGlass,
  DeviceAnswer,
  EmergencyCard,
  type HeardEvent,
  ListedDevice,
  ListedRecord,
  OrganisationAnswer,
  PatientAnswer,
  PractitionerAnswer,
  type Purpose,
  page,
  RecordAnchor,
  StoredRecord,
  Webhook,
  type WebhookRequest,
} from '@chartkey/vocabulary';
import type { ApprovingOptions } from './approvals.ts';
import { type AssertionRequest, clientAssertion, randomId } from './assertion.ts';
import type { Call, Calls, Shape } from './calls.ts';
import type { RecordContent } from './content.ts';
import { type EventOptions, eventsFrom } from './events.ts';
import type { Gateway } from './gateway.ts';
import { approvalOfGateway } from './gateway-device.ts';
import { type GlassBreaking, glassHeader } from './glass.ts';
import { Listing, type PageShape } from './listing.ts';
import { afterUnknown, ProblemError, Unreachable } from './problems.ts';
import { type EndToEnd, readWithin } from './reading.ts';
import { Tokens } from './tokens.ts';
import { type Content, type StoreOptions, uploadOf, withKey } from './upload.ts';

/** Codes after which another token can help. */
const stale = new Set(['TOKEN_INVALID', 'SESSION_EXPIRED', 'SESSION_UNKNOWN']);

/** Calls in the name of a device or a patient, with a token that is fetched and renewed as needed. */
export class Session {
  readonly #tokens: Tokens;

  constructor(
    readonly gateway: Gateway,
    proof: Pick<AssertionRequest, 'signer' | 'practice' | 'issuer'>,
  ) {
    const { tokenUrl, calls } = gateway;
    this.#tokens = new Tokens(calls, () => clientAssertion({ ...proof, tokenUrl, now: calls.now }));
  }

  /** The members of the network. */
  organisations(): Listing<OrganisationAnswer> {
    return this.list(page(OrganisationAnswer), '/v1/organisations');
  }

  organisation(id: string): Promise<OrganisationAnswer> {
    return this.get(OrganisationAnswer, `/v1/organisations/${encodeURIComponent(id)}`);
  }

  /** The devices of an organisation, revoked ones included. */
  devices(organisation: string): Listing<ListedDevice> {
    return this.list(page(ListedDevice), `/v1/organisations/${encodeURIComponent(organisation)}/devices`);
  }

  /** One device with its keys, and the approval that proves them. */
  device(organisation: string, device: string): Promise<DeviceAnswer> {
    const path = `/v1/organisations/${encodeURIComponent(organisation)}/devices/${encodeURIComponent(device)}`;
    return this.get(DeviceAnswer, path);
  }

  /** The statement that approved an organisation's gateway device; whoever relies on it proves it. */
  gatewayApproval(organisation: string = this.gateway.organisation): Promise<string> {
    return approvalOfGateway(this, organisation);
  }

  /** What the ledger says of a record: whose it is, and each version's commitment. */
  anchor(record: string): Promise<RecordAnchor> {
    return this.get(RecordAnchor, `/v1/records/${encodeURIComponent(record)}`);
  }

  /** A patient's facts, for the patient and for the organisation that enrolled it. */
  patientFacts(patient: string): Promise<PatientAnswer> {
    return this.get(PatientAnswer, `/v1/patients/${encodeURIComponent(patient)}`);
  }

  /** A patient's records, newest first: all of this custodian for the patient, what grants cover for a device. */
  recordsOf(
    patient: string,
    options: { purpose?: Purpose; breakGlass?: GlassBreaking } = {},
  ): Listing<ListedRecord> {
    const { purpose, breakGlass } = options;
    const headers = { 'Purpose-Of-Use': purpose, 'Break-Glass': glassHeader(breakGlass) };
    return this.list(page(ListedRecord), `/v1/patients/${encodeURIComponent(patient)}/records`, {}, headers);
  }

  /** Has events sent to a URL, which must answer a challenge: see `webhookEvents`. The same URL again is the same webhook. */
  async addWebhook(request: WebhookRequest): Promise<Webhook> {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    const call: Call = { method: 'POST', path: '/v1/webhooks', headers, body: () => JSON.stringify(request) };
    return (await this.withToken(call, (calls, whole) => calls.json(Webhook, whole))).value;
  }

  /** The webhooks of this patient or organisation at this gateway. */
  webhooks(): Listing<Webhook> {
    return this.list(page(Webhook), '/v1/webhooks');
  }

  async removeWebhook(webhook: string): Promise<void> {
    const call: Call = { method: 'DELETE', path: `/v1/webhooks/${encodeURIComponent(webhook)}` };
    await this.withToken(call, (calls, whole) => calls.answer(whole));
  }

  /** What waits for the caller to approve. @param inPlaceOf the patient for whom a delegate asks */
  approvals({ inPlaceOf }: ApprovingOptions = {}): Listing<ApprovalAnswer> {
    return this.list(page(ApprovalAnswer), '/v1/approvals', { patient: inPlaceOf });
  }

  /** One request for approvals, as it stands now. */
  approval(request: string): Promise<ApprovalAnswer> {
    return this.get(ApprovalAnswer, `/v1/approvals/${encodeURIComponent(request)}`);
  }

  /** One break-glass; with the words about it for the patient and the reviewer, where this gateway has them. */
  opening(id: string): Promise<BrokenGlass> {
    return this.get(BrokenGlass, `/v1/break-glass/${encodeURIComponent(id)}`);
  }

  /** Every break-glass that opened a patient's records: for the patient, its delegates, and regulators. */
  openingsOf(patient: string): Listing<BrokenGlass> {
    return this.list(page(BrokenGlass), `/v1/patients/${encodeURIComponent(patient)}/break-glass`);
  }

  /** The record that any break-glass shows: for the patient, and where the glass is broken. */
  async emergencyCardOf(patient: string): Promise<string | undefined> {
    const path = `/v1/patients/${encodeURIComponent(patient)}/emergency-card`;
    return (await this.get(EmergencyCard, path)).record;
  }

  /** A practitioner's own key, and the number of its next statement. */
  practitionerKey(key: string): Promise<PractitionerAnswer> {
    return this.get(PractitionerAnswer, `/v1/practitioners/${encodeURIComponent(key)}`);
  }

  /** A call with this session's token; once more with a fresh token when the gateway does not know it. */
  protected async withToken<Result>(
    call: Call,
    ask: (calls: Calls, call: Call, session: string) => Promise<Result>,
  ): Promise<Result> {
    let unknown = false;
    for (let first = true; ; first = false) {
      const { text: token, session } = await this.#tokens.live().catch((error: unknown) => {
        throw unknown ? new Unreachable(this.gateway.calls.urlOf(call), error) : error;
      });
      const headers = { ...call.headers, Authorization: `Bearer ${token}` };
      try {
        return await ask(this.gateway.calls, { ...call, headers }, session);
      } catch (error) {
        const again = error instanceof ProblemError && error.status === 401 && stale.has(error.code);
        if (again) this.#tokens.forget(token);
        if (!again || !first || call.repeatable === false) throw unknown ? afterUnknown(error) : error;
        unknown = error.outcomeUnknown;
      }
    }
  }

  /** A read that this session's key signs and that is opened here: nobody on the way can. */
  protected readSealed(reading: EndToEnd): Promise<RecordContent> {
    const headers = {
      ...{ 'Content-Type': 'application/json', Accept: 'application/json' },
      'Break-Glass': reading.glass,
    };
    const call: Call = { method: 'POST', path: '/v1/reads', headers, signal: reading.signal };
    return this.withToken(call, (calls, whole, session) =>
      readWithin(calls, { call: whole, session }, reading),
    );
  }

  /** An upload of a record's version. @throws ProblemError and the like, with the Idempotency-Key */
  protected async store(
    to: Pick<Call, 'method' | 'path' | 'query' | 'headers'>,
    content: Content,
    mediaType: string,
    options: StoreOptions,
  ): Promise<StoredRecord> {
    const idempotencyKey = options.idempotencyKey ?? randomId();
    const call: Call = {
      ...to,
      ...uploadOf(content),
      headers: { ...to.headers, 'Content-Type': mediaType, 'Idempotency-Key': idempotencyKey },
      // An upload takes as long as it takes.
      timeout: 0,
      signal: options.signal,
    };
    try {
      return (await this.withToken(call, (calls, whole) => calls.json(StoredRecord, whole))).value;
    } catch (error) {
      throw withKey(error, idempotencyKey);
    }
  }

  /** The same for a record's next version. @param replaces the newest version known here */
  protected replace(
    { record, replaces }: { record: string; replaces: number },
    content: Content,
    mediaType: string,
    options: StoreOptions,
  ): Promise<StoredRecord> {
    const path = `/v1/records/${encodeURIComponent(record)}/content`;
    const headers = { 'If-Match': `"${replaces}"` };
    return this.store({ method: 'PUT', path, headers }, content, mediaType, options);
  }

  protected async get<Value>(shape: Shape<Value>, path: string): Promise<Value> {
    const call: Call = { method: 'GET', path, headers: { Accept: 'application/json' } };
    return (await this.withToken(call, (calls, whole) => calls.json(shape, whole))).value;
  }

  protected list<Item>(
    shape: PageShape<Item>,
    path: string,
    query: Record<string, string | undefined> = {},
    headers: Record<string, string | undefined> = {},
  ): Listing<Item> {
    return new Listing(async (cursor) => {
      const call: Call = {
        method: 'GET',
        path,
        query: { ...query, cursor },
        headers: { Accept: 'application/json', ...headers },
      };
      const { value, answer } = await this.withToken(call, (calls, whole) => calls.json(shape, whole));
      return { ...value, access: answer.headers.get('Access-Id') ?? undefined };
    });
  }

  protected follow(path: string, options: EventOptions = {}): AsyncGenerator<HeardEvent, void, undefined> {
    return eventsFrom((after, signal) => {
      const headers = { Accept: 'text/event-stream' };
      const call: Call = { method: 'GET', path, query: { after }, headers, signal };
      return this.withToken(call, (calls, whole) => calls.answer(whole));
    }, options);
  }

  /** Hands a statement in with this session's token (an enrolment needs one). */
  protected submit(statement: string) {
    return this.withToken(this.gateway.statementCall(statement), (_calls, call) =>
      this.gateway.accept(statement, call),
    );
  }
}
