import * as z from 'zod';
import { Base32Id, Instant, Label, OrganisationId, StatementId, Thumbprint } from '../ids.ts';
import { P256Key } from '../keys.ts';
import { Action, DelegateKind, distinct, Power, Purpose, Role } from '../words.ts';
import { byPatient, byPractitioner, forPatient, Jwe, numbered } from './envelope.ts';

/** An organisation, narrowed to a department, a role, a practitioner or a device of it. */
export const Members = z.strictObject({
  organisation: OrganisationId,
  /** as the master key approved the device */
  department: Base32Id.optional(),
  role: Role.optional(),
  device: Thumbprint.optional(),
  practitioner: Base32Id.optional(),
});
/** Everybody who treats the patient: whose organisation has declared so (`declareTreatment`). */
export const Treating = z.strictObject({ treating: z.literal(true), role: Role.optional() });
/** Who a grant is for. */
export const Grantee = z.union([Members, Treating]);
export type Grantee = z.infer<typeof Grantee>;

/** Records by name or by label; of several names one is enough. */
export const Named = z
  .strictObject({
    records: distinct(Base32Id, 64).optional(),
    labels: distinct(Label, 64).optional(),
  })
  .refine(({ records, labels }) => records !== undefined || labels !== undefined, 'names nothing');
export type Named = z.infer<typeof Named>;

/** All, or the named ones (all when none are named), made at or after a time, but for the exceptions. */
export const Scope = z.union([
  z.literal('all'),
  z
    .strictObject({
      records: distinct(Base32Id, 64).optional(),
      labels: distinct(Label, 64).optional(),
      madeFrom: Instant.optional(),
      except: Named.optional(),
    })
    .refine((scope) => Object.values(scope).some((one) => one !== undefined), 'names nothing'),
]);
export type Scope = z.infer<typeof Scope>;

export const EnrolPatient = z.strictObject({
  ...byPatient,
  act: z.literal('enrolPatient'),
  seq: z.literal(1),
  sig: P256Key,
  enc: P256Key,
  recorder: OrganisationId.optional(),
  /** the key of this patient's labels at the recorder, for its gateway's `enc` key */
  labelKey: Jwe.optional(),
  /** of a child: an enrolled person who acts for it until then, with every power */
  guardian: z.strictObject({ person: Thumbprint, notAfter: Instant }).optional(),
});
export const GrantConsent = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('grantConsent'),
  grantee: Grantee,
  scope: Scope,
  actions: distinct(Action, 2),
  purposes: distinct(Purpose, 7),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  maxUses: z.int().min(1).max(1_000_000).optional(),
  /** may the organisation pass it on, once, to another one? */
  passOn: z.literal(true).optional(),
  labelKey: Jwe.optional(),
});
export const RevokeConsent = z.strictObject({
  ...forPatient,
  act: z.literal('revokeConsent'),
  grant: StatementId,
});
/** A referral: the grantee's practitioner passes a grant on to another hospital. */
export const PassOn = z.strictObject({
  ...byPractitioner,
  ...numbered,
  act: z.literal('passOn'),
  patient: Thumbprint,
  grant: StatementId,
  to: OrganisationId,
});
/** An organisation treats the patient until then: what is granted to everybody treating is its as well. */
export const DeclareTreatment = z.strictObject({
  ...byPractitioner,
  ...numbered,
  act: z.literal('declareTreatment'),
  patient: Thumbprint,
  until: Instant,
});

/** Whom a denial shuts out: an organisation or a part of it, or a person who acts for the patient. */
export const Denied = z.union([Members, z.strictObject({ person: Thumbprint })]);
/**
 * "Never": beats every grant, whenever it was made. Somebody from something; at least one is named. Without
 * `who` it is everybody but the patient, those who act for the patient included.
 */
export const DenyAccess = z
  .strictObject({
    ...forPatient,
    ...numbered,
    act: z.literal('denyAccess'),
    who: Denied.optional(),
    what: Named.optional(),
  })
  .refine(({ who, what }) => who !== undefined || what !== undefined, {
    path: ['what'],
    error: 'denies nothing',
  });
export const LiftDenial = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('liftDenial'),
  denial: StatementId,
});

/** Names who acts for the patient. */
export const NameDelegate = z.strictObject({
  ...byPatient,
  ...numbered,
  act: z.literal('nameDelegate'),
  person: Thumbprint,
  kind: DelegateKind,
  powers: distinct(Power, 5),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
});
export const RevokeDelegate = z.strictObject({
  ...byPatient,
  act: z.literal('revokeDelegate'),
  delegation: StatementId,
});
/** A practitioner attests that a proxy's or executor's time has come; two of different practitioners start it. */
export const AttestDelegate = z.strictObject({
  ...byPractitioner,
  ...numbered,
  act: z.literal('attestDelegate'),
  patient: Thumbprint,
  delegation: StatementId,
});
