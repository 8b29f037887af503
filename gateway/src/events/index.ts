import { Failure, type LedgerEvent, type Webhook, type WebhookRequest } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import type { Persons } from '../access/persons.ts';
import type { Caller, EventStream, Gateway, Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { GatewayDevice } from '../release/index.ts';
import type { Store } from '../vault/index.ts';
import type { Audience } from './audience.ts';
import { WebhookCalls } from './calls.ts';
import { Egress } from './egress.ts';
import type { EventLog } from './event-log.ts';
import { Lanes } from './lanes.ts';
import { type Following, Listening } from './listening.ts';
import type { News } from './news.ts';
import { WebhookNotes } from './webhook-notes.ts';
import { Webhooks } from './webhooks.ts';

/** Calls of webhooks at once, of all owners together. */
const CALLS_AT_ONCE = 64;
/** Of one owner: a receiver has ten seconds, and an owner many of them. */
const CALLS_OF_EACH = 2;
const BEGINNING = '0.0';

export interface EventRoomParts {
  network: string;
  demo: boolean;
  /** this organisation's id */
  organisation: string;
  device: GatewayDevice;
  ledger: Pick<Ledger, 'evaluate'>;
  log: EventLog;
  news: News;
  /** @throws Failure INDEX_BEHIND while the index does not show what the own peer holds */
  current: () => Promise<unknown>;
  isRevoked: (organisation: string, device: string) => boolean;
  persons: Pick<Persons, 'stands' | 'isKeyOf'>;
  /** of the webhooks */
  store: Store;
  logger: Pick<Logger, 'warn'>;
  streamsPerCaller: number;
  webhooksPerOwner: number;
}

/** Where events are told: to who listens, and to webhooks. */
export class EventRoom {
  private constructor(
    private readonly listening: Listening,
    private readonly webhooks: Webhooks,
  ) {}

  static async open(parts: EventRoomParts): Promise<EventRoom> {
    const { demo, isRevoked, persons } = parts;
    const egress = new Egress(demo);
    const stands = async (caller: Caller) => {
      const { member, session } = caller;
      return member ? !isRevoked(member.id, session.id) : persons.stands(caller);
    };
    const now = Date.now;
    // An index that is being filled again would take the past for the present.
    const present = async () => {
      await parts.current();
      return parts.log.now();
    };
    const webhooks = await Webhooks.open({
      ...parts,
      egress,
      notes: new WebhookNotes(parts.store),
      calls: new WebhookCalls({ ...parts, egress, now }),
      lanes: new Lanes(CALLS_AT_ONCE, CALLS_OF_EACH),
      isKeyOf: (patient, key) => persons.isKeyOf(patient, key),
      perOwner: parts.webhooksPerOwner,
      present,
      now,
    });
    return new EventRoom(new Listening({ ...parts, stands, now: present }), webhooks);
  }

  /** @throws Failure INDEX_BEHIND, CURSOR_INVALID */
  page(audience: Audience, after: string = BEGINNING): Promise<Page<LedgerEvent>> {
    return this.listening.page(audience, after);
  }

  /** @throws Failure TOO_MANY_STREAMS, BUSY, INDEX_BEHIND */
  follow(caller: Caller, audience: Audience, following: Following): Promise<EventStream> {
    return this.listening.follow(caller, audience, following);
  }

  /** @throws Failure as `Webhooks.add` */
  addWebhook(caller: Caller, request: WebhookRequest): Promise<{ webhook: Webhook; repeated: boolean }> {
    return this.webhooks.add(caller, ownOf(caller), request);
  }

  webhooksOf(caller: Caller): Webhook[] {
    return this.webhooks.of(ownOf(caller));
  }

  /** @throws Failure WEBHOOK_UNKNOWN */
  removeWebhook(caller: Caller, webhook: string): Promise<void> {
    return this.webhooks.remove(ownOf(caller), webhook);
  }

  close(): Promise<void> {
    return this.webhooks.close();
  }
}

type EventVerbs = Pick<Gateway, 'eventsOf' | 'followEvents' | 'addWebhook' | 'webhooksOf' | 'removeWebhook'>;

export interface EventVerbsParts {
  /** undefined for a third party, which holds no blocks */
  events: EventRoom | undefined;
  /** @throws Failure DEVICE_REVOKED, TOKEN_INVALID */
  present: (caller: Caller) => Promise<Caller>;
  /** logs a regulator's question on the ledger */
  ask: (caller: Caller, question: object) => Promise<void>;
}

/** The gateway's verbs about events: who may ask what, before anything is done. */
export function eventVerbs({ events, present, ask }: EventVerbsParts): EventVerbs {
  const room = async (caller: Caller): Promise<EventRoom> => {
    await present(caller);
    if (!events) throw new Failure('NOT_SERVED_HERE');
    return events;
  };
  // Each question is asked anew: a cursor is anybody's, so it does not say who asked before.
  const audienceOf = async (caller: Caller, patient: string | undefined): Promise<Audience> => {
    const { session, member } = caller;
    if (patient === undefined) return ownOf(caller);
    if (session.subject === 'patient' && session.id === patient) return { patient };
    if (member?.kind !== 'regulator') throw new Failure('NOT_YOURS');
    await ask(caller, { events: patient });
    return { patient };
  };
  return {
    eventsOf: async (caller, { patient, after }) =>
      (await room(caller)).page(await audienceOf(caller, patient), after),
    followEvents: async (caller, { patient, after }, listening) =>
      (await room(caller)).follow(caller, await audienceOf(caller, patient), { ...listening, after }),
    addWebhook: async (caller, request) => (await room(caller)).addWebhook(caller, request),
    webhooksOf: async (caller) => (await room(caller)).webhooksOf(caller),
    removeWebhook: async (caller, webhook) => (await room(caller)).removeWebhook(caller, webhook),
  };
}

/** Whose events a caller hears as its own: its organisation's, a patient its own. */
function ownOf({ session, member }: Caller): Audience {
  if (session.subject === 'patient') return { patient: session.id };
  if (!member) throw new Failure('NOT_YOURS');
  return { organisation: member.id };
}
