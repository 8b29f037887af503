import * as z from 'zod';
import { AccessEntry } from './entries.ts';
import { Genesis, Member, SignedGenesis } from './genesis.ts';
import {
  AccessId,
  Base32Id,
  Instant,
  Label,
  NetworkId,
  OrganisationId,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
  VersionNumber,
} from './ids.ts';
import { Algorithm, DeviceKey, P256Key } from './keys.ts';
import { REQUEST_BYTES } from './ledger.ts';
import { OFFER_BYTES } from './offer.ts';
import { ReceiptText } from './receipt.ts';
import { Corrects } from './record.ts';
import { ApprovalRequest, Delegate, Patient } from './standing.ts';
import { Grantee, Scope, STATEMENT_BYTES } from './statement.ts';
import { Action, DeviceUse, LedgerKind, Purpose } from './words.ts';

/** A page of a list, newest first; `next` is absent on the last page. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().optional() });

const Misfit = z.string().meta({
  description:
    'The part that does not fit: a parameter, a header, or a member such as `payload.grantee.role`',
});

/** RFC 9457 problem details with our code; `access` names the entry of a refused read or list. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  access: AccessId.optional(),
  at: Misfit.optional(),
});
export type Problem = z.infer<typeof Problem>;

/** RFC 6749 section 5.1. */
export const TokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;
/** RFC 6749 section 5.2, with our own code beside it, and which part of the assertion does not fit. */
export const TokenRefusal = z.object({
  error: z.enum(['invalid_request', 'invalid_client', 'unsupported_grant_type']),
  error_description: z.string(),
  code: z.string(),
  at: Misfit.optional(),
});
export type TokenRefusal = z.infer<typeof TokenRefusal>;

export const AcceptedStatement = z.object({
  act: z.string(),
  id: StatementId,
  transaction: TransactionId,
  block: z.int(),
  committedAt: Instant,
  /** by the gateway's device, from its own peer; absent at a gateway without one (a third party's) */
  receipt: ReceiptText.optional(),
});
export type AcceptedStatement = z.infer<typeof AcceptedStatement>;

export const StoredRecord = z.object({
  record: Base32Id,
  version: VersionNumber,
  patient: Thumbprint,
  custodian: OrganisationId,
  transaction: TransactionId,
  committedAt: Instant,
});
export type StoredRecord = z.infer<typeof StoredRecord>;

export const RecordAnchor = z.object({
  record: Base32Id,
  patient: Thumbprint,
  custodian: OrganisationId,
  /** of what it is sensitive for, each under the patient's key for this custodian */
  labels: z.array(Label),
  /** the patient, or who acts for it, made it */
  byPatient: z.literal(true).optional(),
  corrects: Corrects.optional(),
  versions: z.array(
    z.object({
      version: VersionNumber,
      author: Thumbprint,
      commitment: Sha256Text,
      transaction: TransactionId,
      committedAt: Instant,
    }),
  ),
});
export type RecordAnchor = z.infer<typeof RecordAnchor>;

export const ListedRecord = z.object({
  record: Base32Id,
  version: VersionNumber,
  custodian: OrganisationId,
  committedAt: Instant,
  byPatient: z.literal(true).optional(),
  corrects: Corrects.optional(),
});
export type ListedRecord = z.infer<typeof ListedRecord>;

export const PatientAnswer = z.object({
  patient: Thumbprint,
  nextSeq: z.int(),
  enrolledBy: OrganisationId,
  enrolledAt: Instant,
  /** what stands about it: for the patient and who acts for it */
  keys: Patient.shape.keys.optional(),
  frozen: Patient.shape.frozen,
  delegates: Patient.shape.delegates.optional(),
  contacts: Patient.shape.contacts,
  recovery: Patient.shape.recovery,
  probation: Patient.shape.probation,
});
export type PatientAnswer = z.infer<typeof PatientAnswer>;

/** Whom a person acts for, and what it may do. */
export const ListedDelegation = Delegate.omit({ person: true, attested: true }).extend({
  patient: Thumbprint,
  /** practitioners who attested that its time has come */
  attested: z.int(),
  live: z.boolean(),
});
export type ListedDelegation = z.infer<typeof ListedDelegation>;

export const ListedGrant = z.object({
  grant: StatementId,
  grantee: Grantee,
  scope: Scope,
  actions: z.array(Action),
  purposes: z.array(Purpose),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  maxUses: z.int().optional(),
  uses: z.int(),
  /** may be passed on, once */
  passOn: z.literal(true).optional(),
  /** the grant that this one was passed on from */
  from: StatementId.optional(),
  status: z.enum(['live', 'revoked', 'expired', 'not-yet-valid', 'used-up']),
  transaction: TransactionId,
});
export type ListedGrant = z.infer<typeof ListedGrant>;

export const ListedAccess = AccessEntry.omit({ session: true, recipient: true }).extend({
  transaction: TransactionId,
  block: z.int(),
});
export type ListedAccess = z.infer<typeof ListedAccess>;

export const OrganisationAnswer = Member.omit({ tlsRoots: true }).extend({
  nextSeq: z.int(),
  /**
   * What led from the founding master key to `masterKey`, in order: each rotation or replacement, and the other
   * members' approvals of a replacement, all as signed. Absent at a third party's gateway, which gets no statements.
   */
  successions: z.array(z.object({ statement: z.string(), approvals: z.array(z.string()) })).optional(),
});
export type OrganisationAnswer = z.infer<typeof OrganisationAnswer>;

export const ListedDevice = z.object({
  device: Thumbprint,
  use: DeviceUse,
  status: z.enum(['approved', 'revoked', 'expired']),
  approvedAt: Instant,
  validUntil: Instant.optional(),
});
export type ListedDevice = z.infer<typeof ListedDevice>;

/** A device with its keys and the approval that proves them: genesis -> master key -> device. */
export const DeviceAnswer = ListedDevice.extend({
  organisation: OrganisationId,
  sig: DeviceKey,
  enc: P256Key,
  /** the approving statement, a compact JWS */
  statement: z.string(),
});
export type DeviceAnswer = z.infer<typeof DeviceAnswer>;

export const WellKnown = z.object({
  network: NetworkId,
  ledger: LedgerKind,
  organisation: OrganisationId,
  genesis: Genesis,
  /** each member's signature over the genesis document */
  signatures: SignedGenesis.shape.signatures,
});
export type WellKnown = z.infer<typeof WellKnown>;

/** What a client of SMART Backend Services reads first (SMART App Launch 2.2, conformance). */
export const SmartConfiguration = z.object({
  token_endpoint: z.string(),
  grant_types_supported: z.array(z.literal('client_credentials')),
  token_endpoint_auth_methods_supported: z.array(z.literal('private_key_jwt')),
  token_endpoint_auth_signing_alg_values_supported: z.array(Algorithm),
  capabilities: z.array(z.string()),
});
export type SmartConfiguration = z.infer<typeof SmartConfiguration>;

/** `reasons` says why a gateway cannot serve now. */
export const Health = z.object({
  status: z.enum(['live', 'ready', 'unready']),
  network: NetworkId,
  ledger: LedgerKind,
  organisation: OrganisationId,
  reasons: z.array(z.string()).optional(),
});
export type Health = z.infer<typeof Health>;

/** Asks for approvals of one record; the purpose may be left out where the session has one only. */
export const ApprovalAsk = z.strictObject({ record: Base32Id, purpose: Purpose.optional() });
/** A request for approvals; `also` names those under further rules of the record, which it takes as well. */
export const ApprovalAnswer = ApprovalRequest.extend({ also: z.array(Sha256Text).optional() });
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

export const ReleaseRequest = z.strictObject({ access: AccessId });
const released = { access: AccessId, leaves: z.base64(), key: z.string() };
/**
 * What the custodian hands to a gateway that reads: the record's header, its leaves, the key for that gateway, and
 * all sealed bytes of content of one segment.
 */
export const OpenRelease = z.object({
  ...released,
  header: z.looseObject({}),
  sealed: z.base64().max(87_384).optional(),
});
export type OpenRelease = z.infer<typeof OpenRelease>;
/**
 * What it hands over for a reader alone: the header sealed under the data key, the key wrapped for the reader.
 * Whoever passes it on can open nothing.
 */
export const SealedRelease = z.object({ ...released, sealedHeader: z.base64url() });
export type SealedRelease = z.infer<typeof SealedRelease>;
export const ReleaseAnswer = z.union([OpenRelease, SealedRelease]);
export type ReleaseAnswer = z.infer<typeof ReleaseAnswer>;

/** A read end to end: everything about it stands in the reader's own `chartkey-request+jwt`. */
export const ReadRequest = z.strictObject({ request: z.string().max(REQUEST_BYTES) });
/** A release, and what the asking gateway's ledger says of the version. */
export const EndToEndRead = SealedRelease.extend({
  record: Base32Id,
  version: VersionNumber,
  patient: Thumbprint,
  custodian: OrganisationId,
  commitment: Sha256Text,
});
export type EndToEndRead = z.infer<typeof EndToEndRead>;

/** What a reception desk scanned: an offer, and the enrolment of a patient who may be new. */
export const OfferRequest = z.strictObject({
  offer: z.string().max(OFFER_BYTES),
  enrolment: z.string().max(STATEMENT_BYTES).optional(),
});
export type OfferRequest = z.infer<typeof OfferRequest>;
/** Whose offer it was; `accepted` where its enrolment was handed in. */
export const OfferAnswer = z.object({
  patient: Thumbprint,
  enc: P256Key,
  isEnrolled: z.boolean(),
  accepted: AcceptedStatement.optional(),
});
export type OfferAnswer = z.infer<typeof OfferAnswer>;
