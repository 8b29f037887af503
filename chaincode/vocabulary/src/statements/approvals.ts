import * as z from 'zod';
import { OrganisationId, Sha256Text, StatementId, Thumbprint } from '../ids.ts';
import { RefusalReason } from '../words.ts';
import { Named } from './consent.ts';
import { byAnybody, forPatient, numbered } from './envelope.ts';

/** A principal whose keys may approve: one counts once, however many keys it has. */
export const Approver = z.union([
  z.strictObject({ person: Thumbprint }),
  z.strictObject({ organisation: OrganisationId }),
]);
export type Approver = z.infer<typeof Approver>;

/** Reading the named records takes so many of these approvers. */
export const LayRule = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('layRule'),
  on: Named,
  of: z.array(Approver).min(1).max(16),
  need: z.int().min(1).max(16),
  /** minutes within which the approvals must come: a week at most */
  within: z.int().min(1).max(10_080),
  /** minutes that what was approved may be read: 30 days at most */
  lasting: z.int().min(1).max(43_200),
});
export const LiftRule = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('liftRule'),
  rule: StatementId,
});

/** The fingerprint of what is approved: SHA-256 of a request's subject. */
const request = Sha256Text;
/** `patient` is there when a delegate approves in the patient's place. */
const approving = { ...byAnybody, request, patient: Thumbprint.optional() };
export const Approve = z.strictObject({ ...approving, ...numbered, act: z.literal('approve') });
export const Refuse = z.strictObject({
  ...approving,
  ...numbered,
  act: z.literal('refuse'),
  reason: RefusalReason,
});
/** Takes the signer's own approval back, which counts only before the request is complete. */
export const WithdrawApproval = z.strictObject({
  ...byAnybody,
  act: z.literal('withdrawApproval'),
  /** id of the `approve` statement */
  approval: StatementId,
  patient: Thumbprint.optional(),
});
