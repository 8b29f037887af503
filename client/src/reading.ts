import { EndToEndRead, type Purpose, REQUEST_SECONDS } from '@chartkey/vocabulary';
import { randomId } from './assertion.ts';
import type { Call, Calls } from './calls.ts';
import type { RecordContent } from './content.ts';
import { signJws } from './jws.ts';
import type { Signer } from './keys.ts';
import type { OpeningKeys } from './opening/data-key.ts';
import { openSealed } from './opening/open-sealed.ts';
import { UnexpectedAnswer } from './problems.ts';

export interface EndToEndOptions {
  /** the newest unless given */
  version?: number | undefined;
  /** bytes, both ends included; to the end without `last` */
  range?: { first: number; last?: number } | undefined;
  signal?: AbortSignal | undefined;
}

/** A read that its reader signs and opens. */
export interface EndToEnd extends EndToEndOptions {
  record: string;
  purpose: Purpose;
  network: string;
  /** the key behind the session */
  signer: Signer;
  /** what is released is wrapped for `enc` */
  keys: OpeningKeys;
  /** whose record it must be, where the reader knows */
  patient?: string | undefined;
  /** an emergency's statements, as the header Break-Glass has them */
  glass?: string | undefined;
  /** looks at what the gateway says of the version, before anything is opened */
  confirm?(said: EndToEndRead): Promise<void>;
}

/** What a read is asked with: a session's token in the headers, and the session's id. */
interface Within {
  call: Call;
  session: string;
}

/**
 * Signs a read, has it released for this reader alone, and opens it as `body` is read. Tried again, it is the
 * same signed request: one access and one use.
 */
export async function readWithin(
  calls: Calls,
  { call, session }: Within,
  reading: EndToEnd,
): Promise<RecordContent> {
  const { record, version, network, patient, range, signal, keys } = reading;
  const request = await signedRequest(session, reading, calls.now());
  const body = () => JSON.stringify({ request });
  const { value: answer } = await calls.json(EndToEndRead, { ...call, body });
  const isMeant =
    answer.record === record &&
    (version === undefined || answer.version === version) &&
    (patient === undefined || answer.patient === patient);
  if (!isMeant)
    throw new UnexpectedAnswer(calls.urlOf(call), 'it is about another record, version or patient');
  await reading.confirm?.(answer);
  const { access, commitment } = answer;
  const anchor = { network, record, version: answer.version, patient: answer.patient, commitment };
  const { Authorization } = call.headers ?? {};
  const fetchSealed = ({ first, last }: { first: number; last: number }) =>
    calls.answer({
      method: 'GET',
      path: `/v1/reads/${access}/sealed`,
      headers: { Authorization, Range: `bytes=${first}-${last}`, 'Accept-Encoding': 'identity' },
      signal,
    });
  return openSealed({ answer, keys, anchor, fetchSealed, range, signal });
}

/** The reader's word for one read: JWS of type `chartkey-request+jwt`. @param now milliseconds since 1970 */
function signedRequest(session: string, reading: EndToEnd, now: number): Promise<string> {
  const { signer, network, record, version, purpose } = reading;
  const iat = Math.floor(now / 1000);
  const claims = {
    aud: network,
    exp: iat + REQUEST_SECONDS,
    iat,
    jti: randomId(),
    purpose,
    record,
    session,
    ...(version !== undefined && { version }),
  };
  return signJws({ alg: signer.algorithm, kid: signer.id, typ: 'chartkey-request+jwt' }, claims, signer);
}
