import * as z from 'zod';
import { decodeBase64url } from './base64url.ts';

const isCanonicalBase64url = (text: string) => {
  try {
    decodeBase64url(text);
    return true;
  } catch {
    return false;
  }
};

/** base64url of exactly 32 bytes. */
export const Sha256Text = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .refine(isCanonicalBase64url, 'not canonical base64url');
/** RFC 7638 SHA-256 thumbprint of a signing key: the id of a device or a patient. */
export const Thumbprint = Sha256Text;
/** base64url SHA-256 of a statement's `header.payload`; a grant's id is its statement's. */
export const StatementId = Sha256Text;
/** A session's id: see `sessionId`. Public, never a credential. */
export const SessionId = Sha256Text;
/** 26 letters of base32 carrying 128 random bits: records, practitioners, jti. Compared as text. */
export const Base32Id = z.string().regex(/^[a-z2-7]{26}$/);
/** A Fabric MSP id. */
export const OrganisationId = z.string().regex(/^[A-Za-z][A-Za-z0-9]{1,63}$/);
/** A Fabric transaction id: SHA-256 of nonce and creator, in hexadecimal. */
export const TransactionId = z.string().regex(/^[0-9a-f]{64}$/);
/** `<transaction id>:<item>`. */
export const AccessId = z.string().regex(/^[0-9a-f]{64}:(?:0|[1-9][0-9]?)$/);
/** SHA-256 of the genesis document, with `demo-` in front for a demo network. */
export const NetworkId = z.string().regex(/^(?:demo-)?[A-Za-z0-9_-]{43}$/);
/** A class of records under a key of one patient and one custodian: HMAC-SHA-256 cut to 128 bits, base64url. */
export const Label = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/)
  .refine(isCanonicalBase64url, 'not canonical base64url');
/** RFC 3339 in UTC with milliseconds, a real date. */
export const Instant = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/)
  .refine((text) => isRealInstant(text), 'not a date of the calendar')
  .meta({ description: 'RFC 3339, UTC, always with milliseconds: `2026-11-22T00:00:00.000Z`' });
/** Seconds since 1970 (RFC 7519 NumericDate, whole seconds only). */
export const Seconds = z.int().min(0).max(4_102_444_800);
export const VersionNumber = z.int().min(1).max(1_000_000);
export const SequenceNumber = z.int().min(1).max(1_000_000_000);

function isRealInstant(text: string): boolean {
  const milliseconds = Date.parse(text);
  return Number.isFinite(milliseconds) && instantAt(milliseconds) === text;
}

/** Milliseconds since 1970 as an `Instant`. */
export function instantAt(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** An `Instant` as milliseconds since 1970. */
export function millisecondsOf(instant: string): number {
  return Date.parse(instant);
}
