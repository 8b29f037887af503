import * as z from 'zod';
import { Opening } from './emergency.ts';
import { AccessEntry } from './entries.ts';
import { SignedGenesis } from './genesis.ts';
import {
  AccessId,
  Base32Id,
  Instant,
  Label,
  OrganisationId,
  SessionId,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
  VersionNumber,
} from './ids.ts';
import { DeviceKey, P256Key } from './keys.ts';
import { MOST_ITEMS } from './ledger.ts';
import { Corrects } from './record.ts';
import { ApprovalRequest, Patient } from './standing.ts';
import { Basis, DeviceUse, Purpose, Role } from './words.ts';

export const Device = z.object({
  device: Thumbprint,
  organisation: OrganisationId,
  sig: DeviceKey,
  enc: P256Key,
  use: DeviceUse,
  status: z.enum(['approved', 'revoked']),
  /** the approving statement's id */
  statement: StatementId,
  approvedAt: Instant,
  validUntil: Instant.optional(),
  /** the statement that renewed it last */
  renewal: StatementId.optional(),
  department: Base32Id.optional(),
  /** reads only end to end, each with a proof by its own key */
  perRequestProof: z.literal(true).optional(),
});
export type Device = z.infer<typeof Device>;

export const Session = z.object({
  session: SessionId,
  /** the device or patient whose assertion started it */
  subject: z.enum(['device', 'patient']),
  id: Thumbprint,
  /** the organisation whose gateway started it */
  startedBy: OrganisationId,
  practitioner: Base32Id.optional(),
  role: Role.optional(),
  purposes: z.array(Purpose),
  until: Instant,
  /** of a patient: thumbprint of the key that signed the assertion */
  key: Thumbprint.optional(),
});
export type Session = z.infer<typeof Session>;

/** What every read of a record needs, in one value. */
export const RecordState = z.object({
  record: Base32Id,
  patient: Thumbprint,
  custodian: OrganisationId,
  newest: VersionNumber,
  /** the newest version's */
  commitment: Sha256Text,
  /** when the first version was committed */
  madeAt: Instant,
  labels: z.array(Label),
  /** the patient, or who acts for it, made the record; every version is by a person */
  byPatient: z.literal(true).optional(),
  corrects: Corrects.optional(),
});
export type RecordState = z.infer<typeof RecordState>;

export const VersionState = z.object({
  version: VersionNumber,
  /** a device, or a person where the record is by the patient */
  author: Thumbprint,
  commitment: Sha256Text,
  transaction: TransactionId,
  committedAt: Instant,
});
export type VersionState = z.infer<typeof VersionState>;

/** What `releasable` answers on one snapshot: the entry, today's decision, and the facts behind it. */
export const Releasable = z.object({
  entry: AccessEntry,
  /** the entry decided afresh on current state */
  now: z.union([
    z.object({ is: z.literal('granted'), basis: Basis }),
    z.object({ is: z.literal('denied'), code: z.string(), ground: Sha256Text.optional() }),
  ]),
  sessionUntil: Instant,
  custodian: OrganisationId,
  commitment: Sha256Text,
  /** of the record, as a grant's scope sees it */
  labels: z.array(Label),
  madeAt: Instant,
  /** links of the patient's chain when this was answered */
  links: z.number(),
  /** links of the reader's own chain then, where it acts for the patient */
  readerLinks: z.number().optional(),
  /** id of the statement that approved the entry's device */
  approval: StatementId.optional(),
  renewal: StatementId.optional(),
  /** id of the statement that declared the organisation's treatment, where a grant rests on it */
  treatment: StatementId.optional(),
  /** what the entry rests on, where it is one of these */
  requests: z.array(ApprovalRequest).optional(),
  opening: Opening.optional(),
});
export type Releasable = z.infer<typeof Releasable>;
/** One access's answer, or the failure that stands in its place. */
export const ReleasableAnswer = z.union([Releasable, z.object({ code: z.string() })]);
export type ReleasableAnswer = z.infer<typeof ReleasableAnswer>;
export const AccessIds = z.array(AccessId).min(1).max(MOST_ITEMS);

export const StoredStatement = z.object({
  statement: z.string(),
  transaction: TransactionId,
  committedAt: Instant,
  /** links of the chain of the patient it is about when it was accepted: who could sign then */
  links: z.number().optional(),
});
export type StoredStatement = z.infer<typeof StoredStatement>;

/** An organisation's master key where it is no longer the founding one, and the statements that led to it. */
export const MasterKeyState = z.object({
  key: P256Key,
  successions: z.array(
    z.object({
      /** the rotation's or replacement's id */
      statement: StatementId,
      /** of a replacement: the other members' `approve` statements */
      approvals: z.array(StatementId),
      at: Instant,
    }),
  ),
});
export type MasterKeyState = z.infer<typeof MasterKeyState>;
export const OrganisationFacts = z.object({
  id: OrganisationId,
  nextSeq: z.number(),
  /** absent while the founding one is in force */
  master: MasterKeyState.optional(),
});
export type OrganisationFacts = z.infer<typeof OrganisationFacts>;
export const PatientFacts = Patient.extend({ nextSeq: z.number() });
export type PatientFacts = z.infer<typeof PatientFacts>;
export const RecordFacts = RecordState.omit({ commitment: true }).extend({
  versions: z.array(VersionState),
});
export type RecordFacts = z.infer<typeof RecordFacts>;
export const NetworkState = SignedGenesis.extend({ network: z.string() });
export type NetworkState = z.infer<typeof NetworkState>;
/** SHA-256, hex, of the code that a chaincode process runs, as the definition's version names it. */
export const RunningCode = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });
export type RunningCode = z.infer<typeof RunningCode>;
