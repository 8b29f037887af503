import * as z from 'zod';
import {
  Base32Id,
  Instant,
  NetworkId,
  OrganisationId,
  Seconds,
  Sha256Text,
  Thumbprint,
  TransactionId,
  VersionNumber,
} from './ids.ts';
import { Algorithm } from './keys.ts';
import { STATEMENT_BYTES } from './statement.ts';

const Jws = z.string().max(STATEMENT_BYTES);
const LateNumber = z.int().min(1).max(1_000_000);

export const LateEntryHeader = z.strictObject({
  alg: Algorithm,
  kid: Thumbprint,
  typ: z.literal('chartkey-late-entry+jwt'),
});
/**
 * A record of one's own vault opened for an emergency while the ledger could not be reached: numbered by the
 * organisation, signed by its gateway's device, handed to a witness before a byte was shown.
 */
export const LateEntry = z.strictObject({
  network: NetworkId,
  organisation: OrganisationId,
  number: LateNumber,
  time: Instant,
  record: Base32Id,
  version: VersionNumber,
  patient: Thumbprint,
  /** the openBreakGlass statement */
  opening: Jws,
  /** the secondBreakGlass statement: what a patient locked cannot be known then, so it always takes two */
  second: Jws,
});
export type LateEntry = z.infer<typeof LateEntry>;

export const WitnessedHeader = LateEntryHeader.extend({ typ: z.literal('chartkey-witness+jwt') });
/** What another organisation's gateway signs once it has the entry on its disk. */
export const Witnessed = z.strictObject({
  network: NetworkId,
  /** whose gateway signs */
  witness: OrganisationId,
  organisation: OrganisationId,
  number: LateNumber,
  /** base64url SHA-256 of the entry's `header.payload` */
  entry: Sha256Text,
  time: Instant,
});
export type Witnessed = z.infer<typeof Witnessed>;

/** What the asking device signs: this record, under this opening, now. */
export const LateRequestHeader = LateEntryHeader.extend({ typ: z.literal('chartkey-emergency+jwt') });
export const LateRequest = z.strictObject({
  aud: NetworkId,
  exp: Seconds,
  iat: Seconds,
  jti: Base32Id,
  opening: Sha256Text,
  record: Base32Id,
  version: VersionNumber.optional(),
});
export type LateRequest = z.infer<typeof LateRequest>;

/** An entry and its witness's word, as both are handed on. */
export const LateEntryInput = z.strictObject({ entry: z.string().max(4 * STATEMENT_BYTES), witnessed: Jws });
export type LateEntryInput = z.infer<typeof LateEntryInput>;

/** An entry that was anchored late. */
export const LateEntryState = LateEntryInput.extend({
  id: Sha256Text,
  transaction: TransactionId,
  anchoredAt: Instant,
});
export type LateEntryState = z.infer<typeof LateEntryState>;
