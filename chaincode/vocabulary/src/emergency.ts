import * as z from 'zod';
import { Base32Id, Instant, OrganisationId, Sha256Text, StatementId, Thumbprint } from './ids.ts';
import { P256Key } from './keys.ts';
import { EmergencyReason, ReviewReason, Role } from './words.ts';

/** A practitioner's own key, as its organisation's master key registered it. */
export const PractitionerKey = z.object({
  key: Thumbprint,
  organisation: OrganisationId,
  practitioner: Base32Id,
  role: Role,
  sig: P256Key,
  /** the registering statement's id */
  statement: StatementId,
  registeredAt: Instant,
  validUntil: Instant,
  status: z.enum(['registered', 'revoked']),
});
export type PractitionerKey = z.infer<typeof PractitionerKey>;
/** The same with the number of the key's next statement. */
export const PractitionerFacts = PractitionerKey.extend({ nextSeq: z.number() });
export type PractitionerFacts = z.infer<typeof PractitionerFacts>;

/** One broken glass: who opened it, for whom, how long, and how it was reviewed. */
export const Opening = z.object({
  opening: StatementId,
  patient: Thumbprint,
  organisation: OrganisationId,
  key: Thumbprint,
  practitioner: Base32Id,
  device: Thumbprint,
  reason: EmergencyReason,
  text: Sha256Text,
  openedAt: Instant,
  until: Instant,
  second: z.object({ statement: StatementId, key: Thumbprint, practitioner: Base32Id }).optional(),
  reviewBy: Instant,
  review: z
    .object({
      statement: StatementId,
      organisation: OrganisationId,
      key: Thumbprint,
      justified: z.boolean(),
      reason: ReviewReason,
      at: Instant,
    })
    .optional(),
});
export type Opening = z.infer<typeof Opening>;

/** What an access for an emergency reads: the openings of one patient by one organisation that may be live. */
export const LiveOpening = Opening.pick({
  opening: true,
  key: true,
  practitioner: true,
  device: true,
  until: true,
}).extend({
  /** thumbprint of the key of the practitioner who stands behind it, if one does */
  second: Thumbprint.optional(),
});
export type LiveOpening = z.infer<typeof LiveOpening>;

/** How often a practitioner, a device or an organisation broke glass lately, and what awaits review. */
export const BreakGlassCount = z.object({
  /** opened at, those of the last 24 h */
  times: z.array(Instant),
  /** of a practitioner */
  unreviewed: z.array(z.object({ opening: StatementId, reviewBy: Instant })),
});
export type BreakGlassCount = z.infer<typeof BreakGlassCount>;

/** A regulator's case: an unjustified break-glass, or one that a witness knows of and the ledger does not. */
export const Dispute = z.object({
  dispute: StatementId,
  about: z.enum(['break-glass', 'missing-entry']),
  opening: StatementId,
  patient: Thumbprint,
  organisation: OrganisationId,
  openedAt: Instant,
  status: z.literal('open'),
});
export type Dispute = z.infer<typeof Dispute>;
