import { randomBytes } from 'node:crypto';
import { canonicalJson, RecordHeader } from '@chartkey/vocabulary';
import { commitmentOf, SegmentHashes } from './commitment.ts';
import { ContentDigest } from './content-digest.ts';
import { KEY_BYTES } from './key-wrap.ts';
import { contentName, sidecarName, unsettledName } from './names.ts';
import { associatedDataOf, seal } from './sealing.ts';
import type { ByteSource } from './segments.ts';
import { sidecarBytes } from './sidecar.ts';
import type { Store } from './store.ts';

/** What is known of a version before its content is read: the header's members but for the measured ones. */
export const RecordFacts = RecordHeader.omit({
  format: true,
  network: true,
  length: true,
  sha256: true,
  salt: true,
}).strict();
export type RecordFacts = ReturnType<typeof RecordFacts.parse>;

/** A version that is durable in the vault and waits for its anchor. */
export interface SealedVersion {
  readonly record: string;
  readonly version: number;
  /** names this attempt; two attempts at one version never mix */
  readonly attempt: string;
  /** base64url root, for the ledger */
  readonly commitment: string;
  readonly header: RecordHeader;
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** 26 letters of base32: a name for one attempt at storing a version. */
export function newAttempt(): string {
  return Array.from(randomBytes(26), (byte) => letters[byte & 31]).join('');
}

/**
 * Streams content into the store, sealed under a fresh data key, and then its sidecar. In constant memory
 * but for 32 bytes a segment. On failure the caller removes what is there (`removeAttempt`).
 */
export async function storeSealed(
  store: Store,
  content: ByteSource,
  facts: RecordFacts & { network: string; attempt: string; patientKey: Uint8Array },
): Promise<SealedVersion> {
  const { attempt, patientKey, ...named } = facts;
  const { record, version } = named;
  const dataKey = randomBytes(KEY_BYTES);
  const salt = randomBytes(32);
  const hashes = new SegmentHashes(salt);
  const digest = new ContentDigest();
  let length = 0;
  const measure = (segment: Uint8Array) => {
    length += segment.length;
    hashes.add(segment);
    return digest.update(segment);
  };
  const sealed = seal(content, dataKey, associatedDataOf(named), measure);
  let sha256: Buffer;
  try {
    await store.put(contentName(record, version, attempt), sealed);
    sha256 = await digest.digest();
  } finally {
    digest.leave();
  }
  const header: RecordHeader = {
    format: 'chartkey-record/1',
    ...named,
    length,
    sha256: sha256.toString('base64url'),
    salt: salt.toString('base64url'),
  };
  const leaves = hashes.all();
  const commitment = await commitmentOf(Buffer.from(canonicalJson(header)), leaves);
  const sidecar = sidecarBytes({ attempt, dataKey, header, leaves }, patientKey);
  const name = sidecarName(record, version, commitment);
  await store.put(name, [sidecar]).catch(async (error: unknown) => {
    // It may be there all the same, and no sweep looks for one without a mark.
    await store.delete(name).catch(() => undefined);
    throw error;
  });
  dataKey.fill(0);
  return { record, version, attempt, commitment, header };
}

/** Removes all that an attempt has stored, its mark last, so that a sweep can finish what was begun. */
export async function removeAttempt(
  store: Store,
  {
    record,
    version,
    attempt,
    commitment,
  }: Omit<SealedVersion, 'header' | 'commitment'> & { commitment?: string },
): Promise<void> {
  if (commitment) await store.delete(sidecarName(record, version, commitment));
  await store.delete(contentName(record, version, attempt));
  await store.delete(unsettledName(record, version, attempt));
}
