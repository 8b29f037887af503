import * as z from 'zod';
import {
  AccessId,
  Base32Id,
  Instant,
  NetworkId,
  OrganisationId,
  Seconds,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
} from './ids.ts';
import { Algorithm, DeviceKey } from './keys.ts';
import { distinct } from './words.ts';

/** What can happen that somebody wants to be told of. */
export const EventKind = z.enum([
  'granted',
  'revoked',
  'accessed',
  'denied',
  'recorded',
  'device-approved',
  'device-revoked',
  'denial',
  'rule',
  'lock',
  'treatment',
  'delegate',
  'key-change',
  'frozen',
  'unfrozen',
  'recovery',
  'approval-waiting',
  'approval-settled',
  'break-glass',
  'break-glass-reviewed',
  'review-overdue',
]);
export type EventKind = z.infer<typeof EventKind>;

/**
 * An event's place on the chain, `<block>.<place in it>`: every gateway of the network gives it the same one,
 * so it resumes a stream anywhere. `0.0` stands before the first event.
 */
export const EventCursor = z.string().regex(/^(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8})$/);

/** The cursor of a place. */
export function eventCursor(block: number, nth: number): string {
  return `${block}.${nth}`;
}

/** One event: ids only, each to be looked up where it may be. */
export const LedgerEvent = z.object({
  cursor: EventCursor,
  kind: EventKind,
  /** ledger time; of an overdue review its deadline */
  time: Instant,
  /** and its block; of an overdue review those that broke the glass */
  transaction: TransactionId,
  block: z.int(),
  patient: Thumbprint.optional(),
  /** who asked, records, was granted, or whose device it is */
  organisation: OrganisationId.optional(),
  access: AccessId.optional(),
  record: Base32Id.optional(),
  statement: StatementId.optional(),
  /** the grant that was given or taken back */
  grant: StatementId.optional(),
  device: Thumbprint.optional(),
  /** fingerprint of the request that waits for approvals, or does no more */
  request: Sha256Text.optional(),
  /** the broken glass */
  opening: StatementId.optional(),
});
export type LedgerEvent = z.infer<typeof LedgerEvent>;

/** An event as a client hears it: a newer gateway may tell of kinds that it has no name for. */
export const HeardEvent = LedgerEvent.extend({ kind: z.string() });
export type HeardEvent = z.infer<typeof HeardEvent>;

/** An address of the receiver's choice; which ones may be called the gateway decides. */
const WebhookUrl = z.string().min(1).max(1024);

export const WebhookRequest = z.strictObject({
  url: WebhookUrl,
  /** all of them when absent */
  kinds: distinct(EventKind, EventKind.options.length).optional(),
  /** events after this one; after now when absent */
  after: EventCursor.optional(),
});
export type WebhookRequest = z.infer<typeof WebhookRequest>;

export const Webhook = z.object({
  webhook: Base32Id,
  url: WebhookUrl,
  kinds: z.array(EventKind).optional(),
  /** `paused`: not delivered any more, since nobody took the events in for three days */
  status: z.enum(['active', 'paused']),
  /** the last event that was taken in */
  after: EventCursor,
  madeAt: Instant,
  /** since when nobody has taken the next events in */
  failingSince: Instant.optional(),
});
export type Webhook = z.infer<typeof Webhook>;

/** What a gateway signs when it calls a webhook: its device's key travels along, the ledger vouches for it. */
export const WebhookHeader = z.strictObject({
  alg: Algorithm,
  jwk: DeviceKey,
  /** thumbprint of `jwk` */
  kid: Thumbprint,
  typ: z.literal('chartkey-event+jwt'),
});

const envelope = {
  /** the gateway's device */
  iss: Thumbprint,
  /** the webhook's URL */
  aud: WebhookUrl,
  jti: Base32Id,
  iat: Seconds,
  exp: Seconds,
  network: NetworkId,
  /** whose gateway */
  organisation: OrganisationId,
  webhook: Base32Id,
};

/** The first call of a webhook: whoever answers with `challenge` as its body wants the events. */
export const WebhookChallenge = z.object({ ...envelope, challenge: Sha256Text });
/** Every later call: events in order. */
export const WebhookDelivery = z.object({ ...envelope, events: z.array(HeardEvent).min(1) });
