import * as z from 'zod';
import {
  Instant,
  NetworkId,
  OrganisationId,
  Seconds,
  StatementId,
  Thumbprint,
  TransactionId,
} from './ids.ts';
import { Algorithm } from './keys.ts';

/** A receipt's compact JWS is at most this long; one with an RS384 signature has about 1.3 KB. */
export const RECEIPT_BYTES = 4096;

export const ReceiptHeader = z.strictObject({
  alg: Algorithm,
  kid: Thumbprint,
  typ: z.literal('chartkey-receipt+jwt'),
});

/** What became of a statement, as an organisation's gateway saw it on its own peer. */
export const Receipt = z.strictObject({
  network: NetworkId,
  /** whose gateway says so */
  organisation: OrganisationId,
  statement: StatementId,
  /** the statement's verb */
  act: z.string().regex(/^[a-z][A-Za-z]{0,39}$/),
  /** the transaction that first accepted it */
  transaction: TransactionId,
  /** number of the block in which that transaction stands as valid */
  block: z.int().min(0),
  /** ledger time */
  committedAt: Instant,
  iat: Seconds,
});
export type Receipt = z.infer<typeof Receipt>;

/** A receipt as it travels: a compact JWS. */
export const ReceiptText = z
  .string()
  .max(RECEIPT_BYTES)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
