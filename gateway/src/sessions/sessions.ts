import { checkAssertion, type ReadAssertion, readAssertion, type SignatureChecks } from '@chartkey/rules';
import {
  Failure,
  isFailureCode,
  type Member,
  millisecondsOf,
  type Session,
  SessionOutcome,
  sessionId,
  transactions,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Caller } from '../gateway.ts';
import { Group } from '../ledger/group.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { Tokens } from './tokens.ts';

const Outcomes = z.object({ outcomes: z.array(SessionOutcome) });

export interface SessionsParts {
  ledger: Ledger;
  /** whose gateway this is */
  organisation: Member;
  checks: SignatureChecks;
  /** transactions in flight, items waiting; see `Group` */
  group?: { most: number; inFlight: number; queue: number };
  /** milliseconds since 1970 */
  now?: () => number;
}

/** Turns client assertions into ledger sessions and those into tokens. */
export class Sessions {
  private readonly tokens: Tokens;
  private readonly keys: IssuerKeys;
  private readonly now: () => number;
  /** ids of sessions on their way to the ledger: the same assertion twice is told apart before it costs */
  private readonly starting = new Set<string>();
  readonly group: Group<{ issuer: string; session: string; compact: string }, SessionOutcome>;

  constructor(private readonly parts: SessionsParts) {
    const { ledger, organisation } = parts;
    this.now = parts.now ?? Date.now;
    this.tokens = new Tokens(this.now);
    this.keys = new IssuerKeys(ledger, organisation.id, this.now);
    this.group = new Group({
      ...parts.group,
      gathers: true,
      fairBy: ({ issuer }) => issuer,
      keysOf: ({ session }) => [`session ${session}`],
      send: async (items) => {
        const assertions = items.map(({ compact }) => compact);
        // a transaction that starts nothing has nothing to say on the ledger
        const when = (result: unknown) => Outcomes.parse(result).outcomes.some((one) => 'session' in one);
        const { result } = await ledger.submit(transactions.startSessions, { assertions }, { when });
        return Outcomes.parse(result).outcomes;
      },
    });
  }

  /** The caller behind a token, while its session lives. */
  callerOf(token: string): Caller | undefined {
    return this.tokens.callerOf(token);
  }

  /**
   * Verifies an assertion, starts its session on the ledger and answers the token.
   * @throws Failure ASSERTION_INVALID, ASSERTION_MISADDRESSED, ASSERTION_EXPIRED, ASSERTION_REPLAYED,
   * CLIENT_UNKNOWN, DEVICE_REVOKED, DEVICE_EXPIRED, TOO_MANY_SESSIONS, BUSY, or the ledger's
   */
  async start(compact: string): Promise<{ token: string; expiresIn: number }> {
    const assertion = readAssertion(compact);
    const key = await this.keys.keyOf(assertion);
    const { organisation, checks } = this.parts;
    if (key) checkAssertion(assertion, key, organisation.tokenUrl, this.now(), checks);
    const session = sessionId(assertion.issuer, assertion.jti);
    if (this.starting.has(session)) throw new Failure('ASSERTION_REPLAYED');
    this.tokens.takePlace(assertion.issuer);
    this.starting.add(session);
    try {
      const until = await this.until({ issuer: assertion.issuer, session, compact });
      const token = this.tokens.issue(this.callerFor(assertion, session, until));
      return { token, expiresIn: Math.max(0, Math.floor((millisecondsOf(until) - this.now()) / 1000)) };
    } catch (error) {
      this.tokens.giveBack(assertion.issuer);
      throw error;
    } finally {
      this.starting.delete(session);
    }
  }

  private async until(item: { issuer: string; session: string; compact: string }): Promise<string> {
    const outcome = await this.group.add(item);
    if ('session' in outcome && outcome.session === item.session) return outcome.until;
    const code = 'code' in outcome ? outcome.code : '';
    throw new Failure(isFailureCode(code) ? code : 'BROKEN');
  }

  private callerFor({ issuer, key, b2b }: ReadAssertion, id: string, until: string): Caller {
    const startedBy = this.parts.organisation.id;
    const common = { session: id, id: issuer, startedBy, until };
    if (!b2b) {
      const session: Session = { ...common, subject: 'patient', purposes: ['PATRQT'], key };
      return { session };
    }
    const { subject_id: practitioner, subject_role: role, purpose_of_use: purposes } = b2b;
    const session: Session = { ...common, subject: 'device', practitioner, role, purposes };
    return { session, member: this.parts.organisation };
  }
}
