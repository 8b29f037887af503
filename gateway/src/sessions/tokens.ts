import { createHash, randomBytes } from 'node:crypto';
import { Failure, millisecondsOf } from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import { Expiring } from './expiring.ts';

/** Live sessions that one device or patient may have at once. */
export const SESSIONS_PER_ISSUER = 64;
/** Live sessions of all together: about 100 MB when every one is used. */
const SESSIONS = 100_000;

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

/**
 * The tokens that live, each kept as its hash only, with the session behind it. They are in memory alone:
 * a restart ends them all, and a client asks for a new one.
 */
export class Tokens {
  private readonly callers: Expiring<Caller>;
  /** sessions of an issuer that live or are just being started */
  private readonly taken = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.callers = new Expiring<Caller>(Number.POSITIVE_INFINITY, now, ({ session }) =>
      this.giveBack(session.id),
    );
  }

  /**
   * Takes one of the issuer's places before a session is proposed; `giveBack` when none came of it.
   * @throws Failure TOO_MANY_SESSIONS; BUSY when the gateway has no room for any session
   */
  takePlace(issuer: string): void {
    this.callers.clear();
    const taken = this.taken.get(issuer) ?? 0;
    if (taken >= SESSIONS_PER_ISSUER) throw new Failure('TOO_MANY_SESSIONS');
    if (this.callers.size >= SESSIONS) throw new Failure('BUSY');
    this.taken.set(issuer, taken + 1);
  }

  giveBack(issuer: string): void {
    const left = (this.taken.get(issuer) ?? 0) - 1;
    if (left > 0) this.taken.set(issuer, left);
    else this.taken.delete(issuer);
  }

  /** Makes the token of a session whose place was taken: 256 random bits, base64url. */
  issue(caller: Caller): string {
    const token = randomBytes(32).toString('base64url');
    this.callers.set(hashOf(token), caller, millisecondsOf(caller.session.until));
    return token;
  }

  callerOf(token: string): Caller | undefined {
    return this.callers.get(hashOf(token));
  }
}
