import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as z from 'zod';
import { encodeBase64url } from './base64url.ts';
import { utf8Bytes } from './digest.ts';
import { NetworkId, OrganisationId, Thumbprint } from './ids.ts';
import { P256Key } from './keys.ts';
import type { Sensitivity } from './words.ts';

/** Bytes of a label key. */
export const LABEL_KEY_BYTES = 32;
/** Labels that one record has at most. */
export const MOST_LABELS = 8;
const LABEL_BYTES = 16;

/** The protected header of a label key on its way to a custodian: a compact JWE (RFC 7516) for one gateway. */
export const LabelKeyHeader = z.strictObject({
  alg: z.literal('ECDH-ES+A256KW'),
  custodian: OrganisationId,
  enc: z.literal('A256GCM'),
  epk: P256Key,
  /** thumbprint of the gateway device's `enc` key */
  kid: Thumbprint,
  network: NetworkId,
  patient: Thumbprint,
});
export type LabelKeyHeader = z.infer<typeof LabelKeyHeader>;

/** What a label key is for; stands in the protected header, so that it fits nowhere else. */
export type LabelKeyFor = Pick<LabelKeyHeader, 'network' | 'patient' | 'custodian'>;

/**
 * The label of a class: 128 bits of HMAC-SHA-256 of the class's code. Who has no key can neither make nor test it.
 * @param key 32 bytes, of one patient and one custodian
 */
export function labelOf(key: Uint8Array, sensitivity: Sensitivity): string {
  return encodeBase64url(hmac(sha256, key, utf8Bytes(sensitivity)).subarray(0, LABEL_BYTES));
}

/** The labels of some classes in the order that the ledger keeps: the order of classes tells nothing. */
export function labelsOf(key: Uint8Array, classes: readonly Sensitivity[]): string[] {
  return classes.map((one) => labelOf(key, one)).sort();
}
