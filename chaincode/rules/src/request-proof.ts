import {
  type AccessItem,
  Algorithm,
  algorithmOf,
  Base32Id,
  CLOCK_SKEW_SECONDS,
  digest,
  Failure,
  NetworkId,
  type PublicKey,
  Purpose,
  parseCompactJws,
  parseUnambiguous,
  REQUEST_BYTES,
  REQUEST_SECONDS,
  Seconds,
  SessionId,
  Thumbprint,
  thumbprint,
  VersionNumber,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { SignatureChecks } from './signature.ts';

export const RequestHeader = z.strictObject({
  alg: Algorithm,
  kid: Thumbprint,
  typ: z.literal('chartkey-request+jwt'),
});

/** One read, as its reader signs it. */
export const RequestClaims = z.strictObject({
  aud: NetworkId,
  exp: Seconds,
  iat: Seconds,
  jti: Base32Id,
  purpose: Purpose,
  record: Base32Id,
  session: SessionId,
  version: VersionNumber.optional(),
});

export type RequestClaims = z.infer<typeof RequestClaims>;

/** A signed request taken apart and of the right form. Nothing is verified yet. */
export interface ReadRequest {
  claims: RequestClaims;
  /** thumbprint of the key that signed */
  key: string;
  algorithm: Algorithm;
  signingInput: string;
  signature: Uint8Array;
}

/** @throws Failure REQUEST_PROOF_INVALID for any departure from the profile */
export function readRequest(compact: string): ReadRequest {
  try {
    if (compact.length > REQUEST_BYTES) throw new SyntaxError('too long');
    const { header, payload, signingInput, signature } = parseCompactJws(compact);
    const { alg: algorithm, kid: key } = RequestHeader.parse(parseUnambiguous(header));
    const claims = RequestClaims.parse(parseUnambiguous(payload));
    return { claims, key, algorithm, signingInput, signature };
  } catch {
    throw invalid();
  }
}

/**
 * What a signed request is known by: SHA-256 of its `header.payload`. The signature does not count, since an
 * ECDSA signature can be written in two ways, and a request must not become two.
 */
export function requestId(compact: string): string {
  return digest(compact.slice(0, Math.max(0, compact.lastIndexOf('.'))));
}

/** What a signed request must be for, and by whom. */
export interface ExpectedRequest {
  item: Extract<AccessItem, { kind: 'read' }>;
  /** the reader's own key */
  key: PublicKey;
  network: string;
  /** ledger time, milliseconds */
  time: number;
  checks: SignatureChecks;
}

/**
 * Checks that the reader's own key asked for exactly this read, just now.
 * @throws Failure REQUEST_PROOF_INVALID
 */
export function checkRequestProof(compact: string, expected: ExpectedRequest): void {
  const { item, key, network, time, checks } = expected;
  const { claims, key: signer, algorithm, signingInput, signature } = readRequest(compact);
  const { aud, iat, exp, purpose, record, session, version } = claims;
  const isMeant =
    aud === network &&
    purpose === item.purpose &&
    record === item.record &&
    session === item.session &&
    version === item.version;
  const isTimely =
    exp > iat &&
    exp - iat <= REQUEST_SECONDS &&
    time >= (iat - CLOCK_SKEW_SECONDS) * 1000 &&
    time <= exp * 1000;
  const own = algorithmOf(key);
  const isSigned =
    algorithm === own && signer === thumbprint(key) && checks.verifies(own, key, signingInput, signature);
  if (!isMeant || !isTimely || !isSigned) throw invalid();
}

const invalid = () => new Failure('REQUEST_PROOF_INVALID');
