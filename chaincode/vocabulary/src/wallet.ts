import * as z from 'zod';
import { decodeBase64url } from './base64url.ts';
import { NetworkId, OrganisationId, Sha256Text } from './ids.ts';

const bytesIn = (length?: number) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return decodeBase64url(text);
      } catch {
        context.addIssue('not canonical base64url');
        return z.NEVER;
      }
    })
    .refine((bytes) => length === undefined || bytes.length === length, 'of another length');

/** Where a patient has an id of its own: one custodian of one network. */
export const Place = z.strictObject({
  custodian: OrganisationId,
  /** how often its keys were renewed; the id is that of the first ones */
  generation: z.int().min(0).max(1_000_000),
  network: NetworkId,
});
export type Place = z.infer<typeof Place>;

/** What a wallet is made of again. */
export const WalletContents = z.strictObject({ places: z.array(Place), seed: Sha256Text });

/** A wallet's contents under a passphrase: scrypt (N 2^17, r 8, p 1), AES-256-GCM. */
export const WalletBackup = z.strictObject({
  format: z.literal('chartkey-wallet-backup/1'),
  iv: bytesIn(12),
  salt: bytesIn(16),
  sealed: bytesIn(),
});
