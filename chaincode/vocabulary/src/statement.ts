import * as z from 'zod';
import { Thumbprint } from './ids.ts';
import * as approvals from './statements/approvals.ts';
import * as consent from './statements/consent.ts';
import * as emergency from './statements/emergency.ts';
import { byAnybody, numbered } from './statements/envelope.ts';
import * as keys from './statements/keys.ts';

export { Approver } from './statements/approvals.ts';
export { Denied, Grantee, Named, Scope } from './statements/consent.ts';
export { DeviceProof, DeviceProofHeader, KeyProof, KeyProofHeader } from './statements/keys.ts';

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

export const Skip = z.strictObject({ ...byAnybody, ...numbered, act: z.literal('skip') });

/** The payload of a statement, told apart by its `act`. */
export const Statement = z.discriminatedUnion('act', [
  consent.EnrolPatient,
  consent.GrantConsent,
  consent.RevokeConsent,
  consent.PassOn,
  consent.DeclareTreatment,
  consent.DenyAccess,
  consent.LiftDenial,
  consent.NameDelegate,
  consent.RevokeDelegate,
  consent.AttestDelegate,
  approvals.LayRule,
  approvals.LiftRule,
  approvals.Approve,
  approvals.Refuse,
  approvals.WithdrawApproval,
  emergency.OpenBreakGlass,
  emergency.SecondBreakGlass,
  emergency.ReviewBreakGlass,
  emergency.LockForEmergencies,
  emergency.LiftLock,
  emergency.SetEmergencyCard,
  keys.ApproveDevice,
  keys.RenewDevice,
  keys.RevokeDevice,
  keys.RegisterPractitioner,
  keys.RevokePractitioner,
  keys.RotateMasterKey,
  keys.ReplaceMasterKey,
  keys.AddKey,
  keys.RemoveKey,
  keys.RotateKey,
  keys.Freeze,
  keys.Unfreeze,
  keys.NameContacts,
  keys.StartRecovery,
  keys.VetoRecovery,
  keys.ConfirmRecovery,
  keys.CompleteRecovery,
  Skip,
]);
export type Statement = z.infer<typeof Statement>;
export type Act = Statement['act'];
export type StatementOf<Verb extends Act> = Extract<Statement, { act: Verb }>;
