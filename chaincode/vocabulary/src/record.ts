import * as z from 'zod';
import { Base32Id, Label, NetworkId, OrganisationId, Sha256Text, Thumbprint, VersionNumber } from './ids.ts';
import { MOST_LABELS } from './label.ts';
import { Correction } from './words.ts';

/** Leaf 0 of a version's commitment: everything about the content but the content. */
export const RecordHeader = z.strictObject({
  format: z.literal('chartkey-record/1'),
  network: NetworkId,
  patient: Thumbprint,
  custodian: OrganisationId,
  /** the device that recorded it, or the person: the patient or a delegate */
  author: Thumbprint,
  record: Base32Id,
  version: VersionNumber,
  /** as the uploader sent it; off the ledger */
  mediaType: z.string().min(1).max(255),
  /** as anchored */
  labels: z.array(Label).max(MOST_LABELS),
  /** bytes of content */
  length: z.int().min(0),
  /** SHA-256 of the content, base64url */
  sha256: Sha256Text,
  /** 32 random bytes that keep the commitment from being guessed, base64url */
  salt: Sha256Text,
});
export type RecordHeader = z.infer<typeof RecordHeader>;

/** What a record that a patient made corrects: a version of another record about the patient. */
export const Corrects = z.strictObject({
  record: Base32Id,
  version: VersionNumber,
  correction: Correction,
});
export type Corrects = z.infer<typeof Corrects>;
