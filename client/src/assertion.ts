import {
  AssertionHeader,
  base32Id,
  DeviceAssertion,
  PatientAssertion,
  type Purpose,
  type Role,
  SESSION_SECONDS,
} from '@chartkey/vocabulary';
import { signJws } from './jws.ts';
import type { Signer } from './keys.ts';

/** For whom a device asks: the organisation answers for practitioner, role and purposes. */
export interface Practice {
  /** MSP id of the device's organisation */
  organisation: string;
  /** the organisation's pseudonym of the practitioner: 26 letters of base32 */
  practitioner: string;
  role: Role;
  /** with several, each read picks one */
  purposes: readonly Purpose[];
}

export interface AssertionRequest {
  signer: Signer;
  /** a patient's id where it is no longer the thumbprint of the key that signs */
  issuer?: string | undefined;
  /** the token URL that the genesis document registers for the gateway */
  tokenUrl: string;
  /** of a device; absent for a patient */
  practice?: Practice | undefined;
  /** milliseconds since 1970 */
  now?: (() => number) | undefined;
}

/** 128 random bits as 26 letters of base32: a jti, a record's or practitioner's pseudonym, a retry key. */
export function randomId(): string {
  return base32Id(globalThis.crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * A client assertion (RFC 7523 `private_key_jwt`), with our profile of UDAP's `hl7-b2b` for a device.
 * It works once, and for 300 s. @throws ZodError when a member does not have its form
 */
export async function clientAssertion(request: AssertionRequest): Promise<string> {
  const { signer, tokenUrl, practice, issuer = signer.id, now = Date.now } = request;
  const iat = Math.floor(now() / 1000);
  const claims = {
    iss: issuer,
    sub: issuer,
    aud: tokenUrl,
    jti: randomId(),
    iat,
    exp: iat + SESSION_SECONDS,
  };
  const header = AssertionHeader.parse({ alg: signer.algorithm, kid: signer.id, typ: 'JWT' });
  if (!practice) return signJws(header, PatientAssertion.parse(claims), signer);
  const b2b = {
    version: '1',
    organization_id: practice.organisation,
    subject_id: practice.practitioner,
    subject_role: practice.role,
    purpose_of_use: practice.purposes,
  };
  return signJws(header, DeviceAssertion.parse({ ...claims, extensions: { 'hl7-b2b': b2b } }), signer);
}
