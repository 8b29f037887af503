import { canonicalJson, Sha256Text, VersionNumber } from '@chartkey/vocabulary';
import * as z from 'zod';
import { NotInVault, type Store } from '../vault/index.ts';

const Attempt = z.strictObject({ version: VersionNumber, commitment: Sha256Text });
const Note = z.strictObject({ format: z.literal('chartkey-retry/1'), attempts: z.array(Attempt) });

/** One attempt at storing a version: it came about if the ledger holds this very commitment. */
export type Attempt = z.infer<typeof Attempt>;

/**
 * What was tried under each Idempotency-Key of a PUT, durable before the ledger hears of it. The ledger
 * alone says which attempt came about, so a note that outlived its attempt does no harm.
 */
export class RetryNotes {
  constructor(private readonly store: Store) {}

  /** @param retryKey base64url, see `RetryKeys` */
  async attempts(record: string, retryKey: string): Promise<Attempt[]> {
    try {
      const parts = await (await this.store.get(nameOf(record, retryKey))).toArray();
      return Note.parse(JSON.parse(Buffer.concat(parts).toString())).attempts;
    } catch (error) {
      if (error instanceof NotInVault) return [];
      throw error;
    }
  }

  /** Notes one more attempt; durable when it resolves. @throws VaultFull */
  async add(record: string, retryKey: string, attempt: Attempt): Promise<void> {
    const attempts = [...(await this.attempts(record, retryKey)), attempt];
    const note = { format: 'chartkey-retry/1', attempts };
    await this.store.put(nameOf(record, retryKey), [Buffer.from(canonicalJson(note))]);
  }
}

function nameOf(record: string, retryKey: string): string {
  return `${record.slice(0, 2)}/${record}.${retryKey}`;
}
