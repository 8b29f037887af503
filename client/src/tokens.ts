import { parseCompactJws, sessionId, TokenAnswer } from '@chartkey/vocabulary';
import type { Calls } from './calls.ts';
import { withOutcomeKnown } from './problems.ts';

/** Seconds before its end at which a token is renewed, or a fifth of its life if that is less. */
const RENEWAL_SECONDS = 30;

/** A token that lives, and the ledger's session behind it. */
export interface LiveToken {
  readonly text: string;
  /** the session's id: public, never a credential */
  readonly session: string;
}

interface Token extends LiveToken {
  /** milliseconds since 1970 */
  renewAt: number;
  until: number;
}

/** The access token of one session: fetched when first needed, renewed before it ends, one request at a time. */
export class Tokens {
  readonly #calls: Calls;
  readonly #assertion: () => Promise<string>;
  #token: Token | undefined;
  #renewal: Promise<Token> | undefined;

  /** @param assertion makes a fresh client assertion; each works once */
  constructor(calls: Calls, assertion: () => Promise<string>) {
    this.#calls = calls;
    this.#assertion = assertion;
  }

  /** A token that lives. While renewing fails, the old one serves until its end. */
  async token(): Promise<string> {
    return (await this.live()).text;
  }

  /** The same with its session, which a signed request names. */
  async live(): Promise<LiveToken> {
    const held = this.#token;
    if (held && this.#calls.now() < held.renewAt) return held;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    try {
      return await this.#renewal;
    } catch (error) {
      if (held && held === this.#token && this.#calls.now() < held.until) return held;
      // Nothing but a token was asked for, so nothing else can have happened.
      throw withOutcomeKnown(error);
    }
  }

  /** A token the gateway no longer knows (it was started anew, say): the next call fetches another. */
  forget(token: string): void {
    if (this.#token?.text === token) this.#token = undefined;
  }

  async #renew(): Promise<Token> {
    // Its age counts from before the request, so that it never seems younger than it is.
    const from = this.#calls.now();
    let assertion = '';
    const { value } = await this.#calls.json(TokenAnswer, {
      method: 'POST',
      path: '/v1/oauth/token',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: async () => {
        assertion = await this.#assertion();
        return new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }).toString();
      },
    });
    const until = from + value.expires_in * 1000;
    const early = Math.min(RENEWAL_SECONDS, value.expires_in / 5) * 1000;
    const session = sessionBehind(assertion);
    this.#token = { text: value.access_token, session, renewAt: until - early, until };
    return this.#token;
  }
}

/** The id of the session that an assertion of ours started. */
function sessionBehind(assertion: string): string {
  const { iss, jti } = JSON.parse(parseCompactJws(assertion).payload) as { iss: string; jti: string };
  return sessionId(iss, jti);
}
