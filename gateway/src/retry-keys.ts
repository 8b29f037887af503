import { createHmac } from 'node:crypto';

/** What an Idempotency-Key is for; the same key never means two things. */
export type RetryUse = 'upload' | 'version' | 'read';

/**
 * Idempotency-Keys as they may leave the gateway: keyed hashes, so that a client's words stand nowhere on
 * the ledger or on disk.
 */
export class RetryKeys {
  /** @param secret 32 random bytes that outlive restarts, else a repeated upload is stored twice */
  constructor(private readonly secret: Uint8Array) {}

  /** base64url HMAC-SHA-256 */
  of(use: RetryUse, idempotencyKey: string): string {
    return this.hash(`chartkey-retry/1 ${use} ${idempotencyKey}`);
  }

  /** A keyed hash of the gateway's own words: a regulator's question, a cursor. */
  seal(words: string): string {
    return this.hash(`chartkey-sealed/1 ${words}`);
  }

  private hash(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }
}
