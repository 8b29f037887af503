import { decodeBase64url, digest, encodeBase64url, utf8Bytes } from '@chartkey/vocabulary';
import { randomId } from './assertion.ts';
import type { Device } from './device.ts';
import { signJws } from './jws.ts';
import type { SignedStatement } from './statements.ts';

/** Seconds that a device's request is good for (wire.md, "While the ledger cannot be reached"). */
const REQUEST_SECONDS = 60;
/** Nobody can be asked for the next number then; the ledger notes the statements with the entry, whatever theirs. */
export const NO_NUMBER = 1;

/** What breaks the glass while the ledger is away, and what its words were hashed with. */
export interface UnledgeredOpening extends SignedStatement {
  readonly salt: string;
}

export interface LateRead {
  /** the newest that this hospital's gateway knows unless given */
  version?: number;
  signal?: AbortSignal;
}

/** Words as a statement names them, SHA-256 over a fresh salt and them, and that salt. */
export function saltedWords(words: string): { text: string; salt: string } {
  const salt = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
  return { text: digest(new Uint8Array([...decodeBase64url(salt), ...utf8Bytes(words.trim())])), salt };
}

/** A device's request, good once: JWS of type `chartkey-emergency+jwt`. There are no sessions without a ledger. */
export function requestOf(
  { signer, gateway }: Device,
  about: { record: string; version: number | undefined; opening: string },
): Promise<string> {
  const { version, ...rest } = about;
  const iat = Math.floor(gateway.calls.now() / 1000);
  const claims = { aud: gateway.network, iat, exp: iat + REQUEST_SECONDS, jti: randomId(), ...rest };
  const header = { alg: signer.algorithm, kid: signer.id, typ: 'chartkey-emergency+jwt' };
  return signJws(header, { ...claims, ...(version !== undefined && { version }) }, signer);
}
