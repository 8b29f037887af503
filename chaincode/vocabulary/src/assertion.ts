import * as z from 'zod';
import { canonicalJson } from './canonical.ts';
import { digest } from './digest.ts';
import { Base32Id, OrganisationId, Seconds, Thumbprint } from './ids.ts';
import { Algorithm } from './keys.ts';
import { distinct, Purpose, Role } from './words.ts';

/** Seconds a client assertion, and the session it starts, may live. */
export const SESSION_SECONDS = 300;

export const AssertionHeader = z.strictObject({ alg: Algorithm, kid: Thumbprint, typ: z.literal('JWT') });

/** Our profile of UDAP's B2B authorisation extension: every member required, no other allowed. */
export const B2bExtension = z.strictObject({
  version: z.literal('1'),
  organization_id: OrganisationId,
  subject_id: Base32Id,
  subject_role: Role,
  purpose_of_use: distinct(Purpose, 7),
});

const claims = {
  iss: Thumbprint,
  sub: Thumbprint,
  aud: z.string().max(300),
  jti: Base32Id,
  iat: Seconds,
  exp: Seconds,
};

/** RFC 7523 client assertion (`private_key_jwt`) of a patient. */
export const PatientAssertion = z.strictObject(claims);
/** RFC 7523 client assertion of a device: names the practitioner, the role and the purposes. */
export const DeviceAssertion = z.strictObject({
  ...claims,
  extensions: z.strictObject({ 'hl7-b2b': B2bExtension }),
});
export type Assertion = z.infer<typeof DeviceAssertion> | z.infer<typeof PatientAssertion>;

/** An assertion's claims, a device's where they name its practice. @throws ZodError */
export function assertionIn(claims: unknown): Assertion {
  const isDevice = typeof claims === 'object' && claims !== null && 'extensions' in claims;
  return isDevice ? DeviceAssertion.parse(claims) : PatientAssertion.parse(claims);
}

/** The id of the session that an assertion starts: SHA-256 over issuer and jti. */
export function sessionId(issuer: string, jti: string): string {
  return digest(canonicalJson([issuer, jti]));
}
