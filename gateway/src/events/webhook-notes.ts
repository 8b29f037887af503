import {
  Base32Id,
  canonicalJson,
  Instant,
  OrganisationId,
  Thumbprint,
  Webhook,
  WebhookRequest,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Store } from '../vault/index.ts';

const Owner = z.union([
  z.strictObject({ patient: Thumbprint }),
  z.strictObject({ organisation: OrganisationId }),
]);

/** A webhook as it stands on disk: whose it is, where events go, and the last one that was taken in. */
const Note = z.strictObject({
  format: z.literal('chartkey-webhook/1'),
  ...Webhook.shape,
  kinds: WebhookRequest.shape.kinds,
  owner: Owner,
  /** the device that made it for its organisation, and when its approval ends */
  device: z.strictObject({ id: Thumbprint, until: Instant.optional() }).optional(),
  /** the key with which a patient asked for it */
  key: Thumbprint.optional(),
});
export type WebhookNote = Readonly<z.infer<typeof Note>>;

/** The webhooks of this gateway, each in a file of its own that is replaced whole. */
export class WebhookNotes {
  constructor(private readonly store: Store) {}

  /** @param damaged hears of files that hold no webhook; they are left alone */
  async all(damaged: (name: string) => void): Promise<WebhookNote[]> {
    await this.store.discardUnfinished();
    const notes: WebhookNote[] = [];
    for await (const { name } of this.store.list('')) {
      try {
        const note = Note.parse(JSON.parse((await this.store.read(name, 8192)).toString()));
        if (note.webhook !== name) throw new SyntaxError('another name');
        notes.push(note);
      } catch {
        damaged(name);
      }
    }
    return notes;
  }

  /** Durable when it resolves. @throws VaultFull */
  async put(note: WebhookNote): Promise<void> {
    await this.store.put(Base32Id.parse(note.webhook), [Buffer.from(canonicalJson(note))]);
  }

  async remove(webhook: string): Promise<void> {
    await this.store.delete(Base32Id.parse(webhook));
  }
}
