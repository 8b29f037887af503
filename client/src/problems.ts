import { describe, type FailureCode, isFailureCode } from '@chartkey/vocabulary';

/** Whatever went wrong in a call. */
export abstract class ChartkeyError extends Error {
  /** true when the gateway may have done what was asked, or part of it */
  abstract outcomeUnknown: boolean;
  /** The Idempotency-Key of a failed upload: send it again to find out, or to finish. */
  idempotencyKey?: string;
}

/** The members of an RFC 9457 problem document, or of an RFC 6749 refusal, as they came. */
export type ProblemDocument = Readonly<Record<string, unknown>>;

const textIn = (document: ProblemDocument, ...names: string[]) => {
  const values = names.map((name) => document[name]);
  return values.find((value) => typeof value === 'string');
};

/** Codes above 499 that say for certain whether something was done. */
const isCertain = (code: FailureCode) => code !== 'OUTCOME_UNKNOWN' && code !== 'BROKEN';

/** The gateway refused: RFC 9457 problem details, RFC 6749 token refusals, and answers that are neither. */
export class ProblemError extends ChartkeyError {
  override readonly name = 'ProblemError';
  /** a `FailureCode`, an OAuth error such as `invalid_client`, or `HTTP_<status>` when none was sent */
  readonly code: FailureCode | (string & {});
  readonly detail: string | undefined;
  /** the part of what was sent that does not fit, e.g. `from` or `payload.grantee.role` */
  readonly at: string | undefined;
  /** the ledger's entry of a refused read or list: the patient and the regulator can resolve it */
  readonly access: string | undefined;
  /** what the caller can do, for codes this version knows */
  readonly remedy: string | undefined;
  outcomeUnknown: boolean;

  constructor(
    readonly status: number,
    readonly document: ProblemDocument,
    /** seconds to wait, when the gateway said so */
    readonly retryAfter?: number,
  ) {
    const code = textIn(document, 'code', 'error') ?? `HTTP_${status}`;
    const known = isFailureCode(code) ? describe(code) : undefined;
    const detail = textIn(document, 'detail', 'error_description');
    const told = [textIn(document, 'title'), detail].filter((text) => text !== undefined);
    const says = known ? [known.says, known.remedy] : told;
    const at = textIn(document, 'at');
    super(
      `${code}${at === undefined ? '' : ` at ${at}`}: ${says.join(' ') || `the gateway answered ${status}, with no word on why`}`,
    );
    this.code = code;
    this.detail = detail;
    this.at = at;
    this.access = textIn(document, 'access');
    this.remedy = known?.remedy;
    this.outcomeUnknown = isFailureCode(code) ? !isCertain(code) : status >= 500;
  }
}

/** What an error goes back to: platforms hide the reason behind `fetch failed`. */
const rootOf = (error: unknown): string => {
  const { cause, message } = Object(error) as { cause?: unknown; message?: unknown };
  return cause === undefined ? String(message || error) : rootOf(cause);
};

/** No answer came: no connection, a connection lost before the answer, or none in time. */
export class Unreachable extends ChartkeyError {
  override readonly name = 'Unreachable';
  outcomeUnknown = true;
  constructor(url: string, cause: unknown) {
    super(`no answer from ${url} (${rootOf(cause)}); check the address and the network, then try again`, {
      cause,
    });
  }
}

/** An answer or a record's content ended before it was complete. */
export class Interrupted extends ChartkeyError {
  override readonly name = 'Interrupted';
  outcomeUnknown = true;
  constructor(what: string, cause?: unknown) {
    super(`${what} ended before it was complete; ask again`, { cause });
  }
}

/** A success whose body or headers are not what the interface promises. */
export class UnexpectedAnswer extends ChartkeyError {
  override readonly name = 'UnexpectedAnswer';
  outcomeUnknown = true;
  constructor(url: string, what: string) {
    super(`the answer of ${url} is not as documented: ${what}`);
  }
}

/** The content does not have the digest its gateway named: do not use what was read. */
export class DigestMismatch extends ChartkeyError {
  override readonly name = 'DigestMismatch';
  outcomeUnknown = false;
  constructor(readonly access: string) {
    super(`the content of access ${access} does not match its Repr-Digest; discard it and report it`);
  }
}

/** What came of a record is not what the ledger anchored. No byte of it was passed on: report it. */
export class Tampered extends ChartkeyError {
  override readonly name = 'Tampered';
  outcomeUnknown = false;
  constructor(
    readonly access: string,
    /** what did not match, e.g. `commitment` or `segment 3` */
    readonly part: string,
    options?: ErrorOptions,
  ) {
    super(`${part} of access ${access} does not match what was anchored; discard it and report it`, options);
  }
}

/** A released key cannot be used here: it was not wrapped by the rules for this reader and this access. */
export class WrongKey extends ChartkeyError {
  override readonly name = 'WrongKey';
  outcomeUnknown = false;
  constructor(
    readonly access: string,
    readonly reason: 'malformed' | 'for another reader' | 'for another use' | 'does not open',
    options?: ErrorOptions,
  ) {
    super(
      `the released key of access ${access} cannot be used: ${reason}; ask again, and report it`,
      options,
    );
  }
}

/** What is to be approved is not what its fingerprint says. Nothing was signed: report it. */
export class WrongRequest extends ChartkeyError {
  override readonly name = 'WrongRequest';
  outcomeUnknown = false;
  constructor(readonly request: string) {
    super(`request ${request} is about something else than what was shown; report it`);
  }
}

/** The gateway is not the one that was meant: another network, organisation or address. */
export class WrongGateway extends ChartkeyError {
  override readonly name = 'WrongGateway';
  outcomeUnknown = false;
}

/** Seconds of a Retry-After header, given as seconds or as a date (RFC 9110 section 10.2.3). */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** The problem inside an answer that is no success; an empty, cut-off or non-JSON body is a problem too. */
export async function problemIn(answer: Response, now: number): Promise<ProblemError> {
  let document: unknown;
  try {
    document = JSON.parse(await answer.text());
  } catch {
    document = undefined;
  }
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  return new ProblemError(
    answer.status,
    isObject ? (document as ProblemDocument) : {},
    retryAfterOf(answer.headers.get('Retry-After'), now),
  );
}

/** The number is used, and the statement that was sent is not the one that used it. */
export function isStale(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.code === 'STALE_SEQUENCE';
}

/**
 * The same error after an earlier try whose outcome is not known: what refused this try says nothing of
 * that one. Only STALE_SEQUENCE does, since the same statement has its first outcome again.
 */
export function afterUnknown(error: unknown): unknown {
  if (error instanceof ChartkeyError && !isStale(error)) error.outcomeUnknown = true;
  return error;
}

/** The same error where what was asked was certainly not done. */
export function withOutcomeKnown(error: unknown): unknown {
  if (error instanceof ChartkeyError) error.outcomeUnknown = false;
  return error;
}
