import {
  type Act,
  CLOCK_SKEW_SECONDS,
  digest,
  Failure,
  fitting,
  malformed,
  type P256Key,
  parseCanonical,
  parseCompactJws,
  STATEMENT_BYTES,
  STATEMENT_SECONDS,
  Statement,
  StatementHeader,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { isLowS, type SignatureChecks } from './signature.ts';

/** A statement taken apart and of the right form. Nothing is verified yet. */
export interface ReadStatement<Payload extends Statement = Statement> {
  /** base64url SHA-256 of `header.payload`: the signature is not part of a statement's identity */
  id: string;
  kid: string;
  payload: Payload;
  signingInput: string;
  signature: Uint8Array;
  /** the compact JWS as sent */
  compact: string;
}

/**
 * Reads a statement of one of the wanted verbs.
 * @throws Failure INVALID_STATEMENT {at} for any departure from the grammar
 */
export function readStatement<Verb extends Act = Act>(
  compact: string,
  ...wanted: Verb[]
): ReadStatement<StatementOf<Verb>> {
  if (compact.length > STATEMENT_BYTES) throw malformed('statement');
  const jws = fitting('INVALID_STATEMENT', 'statement', () => parseCompactJws(compact));
  const { signingInput, signature } = jws;
  const { kid } = fitting('INVALID_STATEMENT', 'header', () =>
    StatementHeader.parse(parseCanonical(jws.header)),
  );
  const payload = fitting('INVALID_STATEMENT', 'payload', () => Statement.parse(parseCanonical(jws.payload)));
  if (wanted.length > 0 && !wanted.some((verb) => verb === payload.act)) throw malformed('payload.act');
  const { exp, iat } = payload;
  if (exp <= iat || exp - iat > STATEMENT_SECONDS) throw malformed('payload.exp');
  if (!isLowS(signature)) throw malformed('signature');
  return {
    id: digest(signingInput),
    kid,
    payload: payload as StatementOf<Verb>,
    signingInput,
    signature,
    compact,
  };
}

/**
 * Checks that a key made a statement, for this network.
 * @throws Failure WRONG_NETWORK or SIGNATURE_INVALID
 */
export function checkSignature(
  statement: ReadStatement,
  key: P256Key,
  network: string,
  checks: SignatureChecks,
): void {
  if (statement.payload.aud !== network) throw new Failure('WRONG_NETWORK');
  const { kid, signingInput, signature } = statement;
  if (kid !== thumbprint(key) || !checks.verifies('ES256', key, signingInput, signature)) {
    throw new Failure('SIGNATURE_INVALID');
  }
}

/**
 * Checks a statement's time: `iat` - 60 s <= ledger time <= `exp`.
 * @param time ledger time, milliseconds
 * @throws Failure STATEMENT_FROM_THE_FUTURE or STATEMENT_EXPIRED
 */
export function checkTime({ payload }: ReadStatement, time: number): void {
  if (time < (payload.iat - CLOCK_SKEW_SECONDS) * 1000) throw new Failure('STATEMENT_FROM_THE_FUTURE');
  if (time > payload.exp * 1000) throw new Failure('STATEMENT_EXPIRED');
}
