import * as z from 'zod';
import {
  Base32Id,
  Instant,
  NetworkId,
  OrganisationId,
  Seconds,
  SequenceNumber,
  StatementId,
  Thumbprint,
} from './ids.ts';
import { Algorithm, DeviceKey, P256Key } from './keys.ts';
import { Action, DeviceUse, distinct, Purpose } from './words.ts';

/** Statements are at most this long, in bytes of their compact form. */
export const STATEMENT_BYTES = 16 * 1024;
/** Seconds a statement may live after its `iat`. */
export const STATEMENT_SECONDS = 600;
/** Seconds that a signer's clock may be ahead of the ledger's time. */
export const CLOCK_SKEW_SECONDS = 60;

export const StatementHeader = z.strictObject({
  alg: z.literal('ES256'),
  kid: Thumbprint,
  typ: z.literal('chartkey-statement+jwt'),
});

const envelope = { aud: NetworkId, exp: Seconds, iat: Seconds };
const byPatient = { ...envelope, iss: Thumbprint };
const byOrganisation = { ...envelope, iss: OrganisationId };

/** Who a grant is for: an organisation, narrowed to one device or one practitioner of it. */
export const Grantee = z.strictObject({
  organisation: OrganisationId,
  device: Thumbprint.optional(),
  practitioner: Base32Id.optional(),
});
export type Grantee = z.infer<typeof Grantee>;

export const Scope = z.union([z.literal('all'), z.strictObject({ records: distinct(Base32Id, 64) })]);
export type Scope = z.infer<typeof Scope>;

export const EnrolPatient = z.strictObject({
  ...byPatient,
  act: z.literal('enrolPatient'),
  seq: z.literal(1),
  sig: P256Key,
  enc: P256Key,
  recorder: OrganisationId.optional(),
});
export const GrantConsent = z.strictObject({
  ...byPatient,
  act: z.literal('grantConsent'),
  seq: SequenceNumber,
  grantee: Grantee,
  scope: Scope,
  actions: distinct(Action, 2),
  purposes: distinct(Purpose, 7),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  maxUses: z.int().min(1).max(1_000_000).optional(),
});
export const RevokeConsent = z.strictObject({
  ...byPatient,
  act: z.literal('revokeConsent'),
  grant: StatementId,
});
export const ApproveDevice = z.strictObject({
  ...byOrganisation,
  act: z.literal('approveDevice'),
  seq: SequenceNumber,
  /** the device's own proof of possession, a compact JWS: see `DeviceProof` */
  device: z.string().regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  validUntil: Instant.optional(),
});
export const RevokeDevice = z.strictObject({
  ...byOrganisation,
  act: z.literal('revokeDevice'),
  device: Thumbprint,
});
export const Skip = z.strictObject({
  ...envelope,
  iss: z.union([Thumbprint, OrganisationId]),
  act: z.literal('skip'),
  seq: SequenceNumber,
});

/** The payload of a statement, told apart by its `act`. */
export const Statement = z.discriminatedUnion('act', [
  EnrolPatient,
  GrantConsent,
  RevokeConsent,
  ApproveDevice,
  RevokeDevice,
  Skip,
]);
export type Statement = z.infer<typeof Statement>;
export type Act = Statement['act'];
export type StatementOf<Verb extends Act> = Extract<Statement, { act: Verb }>;

export const DeviceProofHeader = z.strictObject({ alg: Algorithm, typ: z.literal('chartkey-device+jwt') });

/** What a device signs with its own key when it asks for approval (good for a day at most). */
export const DeviceProof = z.strictObject({
  network: NetworkId,
  organisation: OrganisationId,
  sig: DeviceKey,
  enc: P256Key,
  use: DeviceUse,
  exp: Seconds,
});
export type DeviceProof = z.infer<typeof DeviceProof>;
