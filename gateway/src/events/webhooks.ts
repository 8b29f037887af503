import { randomBytes } from 'node:crypto';
import {
  base32Id,
  Device,
  Failure,
  instantAt,
  millisecondsOf,
  queries,
  type Webhook,
  type WebhookRequest,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { fromVault } from '../records/from-vault.ts';
import { Turns } from '../records/turns.ts';
import { type Audience, audienceKey } from './audience.ts';
import { Delivering, type DeliveringParts } from './delivering.ts';
import type { Egress } from './egress.ts';
import type { WebhookNote } from './webhook-notes.ts';

/** Webhooks of all owners together. */
const MOST_WEBHOOKS = 10_000;

export interface WebhooksParts extends DeliveringParts {
  ledger: Pick<Ledger, 'evaluate'>;
  egress: Egress;
  /** has this organisation revoked this device? */
  isRevoked: (organisation: string, device: string) => boolean;
  /** does this key still sign for this patient? @throws Failure the ledger's */
  isKeyOf: (patient: string, key: string) => Promise<boolean>;
  perOwner: number;
  /** the cursor of now, as the own peer knows it @throws Failure INDEX_BEHIND */
  present: () => Promise<string>;
}

/** The webhooks of this gateway: who has which, and the deliveries of each. */
export class Webhooks {
  private readonly deliveries = new Map<string, Delivering>();
  private readonly turns = new Turns();
  private readonly stopping = new AbortController();

  private constructor(private readonly parts: WebhooksParts) {}

  /** Goes on where an earlier process ended; what a revoked device made is removed. */
  static async open(parts: WebhooksParts): Promise<Webhooks> {
    const webhooks = new Webhooks(parts);
    const damaged = (name: string) => parts.logger.warn({ name }, 'this file holds no webhook');
    for (const note of await parts.notes.all(damaged)) {
      if (webhooks.hasDevice(note)) webhooks.begin(note);
      else await parts.notes.remove(note.webhook);
    }
    return webhooks;
  }

  /** An owner's webhooks, the oldest first. */
  of(owner: Audience): Webhook[] {
    return this.notesOf(owner).map(shown);
  }

  /**
   * Makes a webhook once its URL has answered a signed challenge. The same URL again is the same webhook: it
   * goes on where it was, with the kinds now asked for, also when it was paused. Of a patient's keys each has its own.
   * @throws Failure WEBHOOK_REFUSED, WEBHOOK_UNANSWERED, WEBHOOK_LIMIT, BUSY, INDEX_BEHIND, the ledger's
   */
  async add(
    caller: Caller,
    owner: Audience,
    request: WebhookRequest,
  ): Promise<{ webhook: Webhook; repeated: boolean }> {
    const { egress, calls, lanes, now, present } = this.parts;
    const { url, kinds } = request;
    try {
      egress.check(url);
    } catch {
      throw new Failure('WEBHOOK_REFUSED');
    }
    return this.turns.take(audienceKey(owner), async () => {
      const maker = await this.makerOf(caller);
      const before = this.notesOf(owner).find((one) => one.url === url && one.key === maker.key);
      if (!before) this.checkRoom(owner);
      const webhook = before?.webhook ?? base32Id(randomBytes(16));
      const after = request.after ?? before?.after ?? (await present());
      const answered = await lanes.take(owner, () => calls.challenge({ webhook, url }, this.stopping.signal));
      if (!answered) throw new Failure('WEBHOOK_UNANSWERED');
      const note: WebhookNote = {
        ...{ format: 'chartkey-webhook/1', webhook, owner, url, after, status: 'active' },
        ...(kinds && { kinds }),
        ...maker,
        madeAt: before?.madeAt ?? instantAt(now()),
      };
      await this.replace(note, request.after === undefined);
      return { webhook: shown(note), repeated: before !== undefined };
    });
  }

  /** @throws Failure WEBHOOK_UNKNOWN, also for another's */
  async remove(owner: Audience, webhook: string): Promise<void> {
    await this.turns.take(audienceKey(owner), async () => {
      if (!this.notesOf(owner).some((one) => one.webhook === webhook)) throw new Failure('WEBHOOK_UNKNOWN');
      await this.deliveries.get(webhook)?.stop();
      await this.parts.notes.remove(webhook);
      this.deliveries.delete(webhook);
    });
  }

  /** Breaks off what is under way; it is repeated after the next start. */
  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.deliveries.values()].map((one) => one.stop()));
  }

  private async replace(note: WebhookNote, goesOn: boolean): Promise<void> {
    const old = this.deliveries.get(note.webhook);
    await old?.stop();
    // Meanwhile it may have delivered more.
    const kept = old && goesOn ? { ...note, after: old.note.after } : note;
    try {
      await fromVault(() => this.parts.notes.put(kept));
    } catch (error) {
      if (old) this.begin(old.note);
      throw error;
    }
    this.begin(kept);
  }

  private begin(note: WebhookNote): void {
    const { webhook } = note;
    const stands = (one: WebhookNote) => this.stands(one);
    const over = () => this.forget(webhook);
    this.deliveries.set(webhook, new Delivering(this.parts, note, { stands, over }).start());
  }

  /** What lost its device or key is no webhook any more. A file that stays is found out at the next start. */
  private async forget(webhook: string): Promise<void> {
    this.deliveries.delete(webhook);
    await this.parts.notes.remove(webhook).catch(() => undefined);
  }

  private notesOf(owner: Audience): WebhookNote[] {
    const key = audienceKey(owner);
    const notes = [...this.deliveries.values()].map(({ note }) => note);
    const own = notes.filter((note) => audienceKey(note.owner) === key && this.hasDevice(note));
    return own.sort((one, other) => (one.madeAt < other.madeAt ? -1 : 1));
  }

  private checkRoom(owner: Audience): void {
    if (this.notesOf(owner).length >= this.parts.perOwner) throw new Failure('WEBHOOK_LIMIT');
    if (this.deliveries.size >= MOST_WEBHOOKS) throw new Failure('BUSY');
  }

  /** A webhook lasts as long as the device or the key that made it: nobody leaves one behind. */
  private async stands(note: WebhookNote): Promise<boolean> {
    const { owner, key } = note;
    if (key !== undefined && 'patient' in owner) return this.parts.isKeyOf(owner.patient, key);
    return this.hasDevice(note);
  }

  private hasDevice({ owner, device }: WebhookNote): boolean {
    if (!device || 'patient' in owner) return true;
    const { isRevoked, now } = this.parts;
    const hasEnded = device.until !== undefined && now() > millisecondsOf(device.until);
    return !hasEnded && !isRevoked(owner.organisation, device.id);
  }

  private async makerOf({ session }: Caller): Promise<Pick<WebhookNote, 'device' | 'key'>> {
    if (session.subject === 'patient') return session.key === undefined ? {} : { key: session.key };
    const { validUntil } = Device.parse(await this.parts.ledger.evaluate(queries.device, session.id));
    return { device: { id: session.id, ...(validUntil !== undefined && { until: validUntil }) } };
  }
}

function shown({ webhook, url, kinds, status, after, madeAt, failingSince }: WebhookNote): Webhook {
  const more = { ...(kinds && { kinds }), ...(failingSince !== undefined && { failingSince }) };
  return { webhook, url, status, after, madeAt, ...more };
}
