import { checkTime, type ReadStatement, readStatement } from '@chartkey/rules';
import {
  type AcceptedStatement,
  Failure,
  queries,
  StatementOutcome,
  StoredStatement,
  transactions,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Arrivals } from './arrivals.ts';
import { persistently } from './persistence.ts';
import type { MakeReceipt } from './receipts.ts';
import { unlessForbidden, type Verification, verifyContents, verifySigner } from './verification.ts';

/** Milliseconds to learn the block of an earlier transaction. */
const FINDING_BLOCK = 10_000;

export interface Accepted {
  accepted: AcceptedStatement;
  repeated: boolean;
}

export interface StatementsParts extends Verification {
  ledger: Ledger;
  /** signs outcomes; absent at a gateway without a peer of its own */
  receipt?: MakeReceipt | undefined;
  /** milliseconds since 1970 */
  now?: () => number;
}

/** The one door for statements: enrolment, consent, revocation, device approval. */
export class Statements {
  private readonly now: () => number;
  private readonly arrivals: Arrivals;
  /** statements on their way to the ledger, signature and all */
  private readonly travelling = new Map<string, Promise<Accepted>>();

  constructor(private readonly parts: StatementsParts) {
    this.now = parts.now ?? Date.now;
    this.arrivals = new Arrivals(parts.ledger);
  }

  /**
   * Verifies a statement and brings it to the ledger. The same statement again has its first outcome,
   * also when it has expired since, and when another organisation's gateway brought it there.
   * @param transaction where another gateway says that it stands already: our own peer is waited for, for a while
   * @throws Failure INVALID_STATEMENT, what verification finds, TOKEN_REQUIRED, STALE_SEQUENCE {expected},
   * LEDGER_CONFLICT, OUTCOME_UNKNOWN {transaction}, or the ledger's
   */
  async submit(compact: string, caller: Caller | undefined, transaction?: string): Promise<Accepted> {
    const statement = readStatement(compact);
    const input = inputOf(statement, caller);
    const underway = this.travelling.get(compact);
    if (underway) return { ...(await underway), repeated: true };
    const travel = this.accept(statement, input, transaction);
    this.travelling.set(compact, travel);
    try {
      return await travel;
    } finally {
      this.travelling.delete(compact);
    }
  }

  private async accept(
    statement: ReadStatement,
    input: object,
    transaction: string | undefined,
  ): Promise<Accepted> {
    const hasArrived = transaction !== undefined && (await this.arrivals.of(transaction));
    await verifySigner(statement, this.parts);
    const against = this.speaksAgainst(statement);
    // Our own peer is asked before each try: what it shows already is proposed to nobody. A third party, which
    // may not ask, learns by proposing: endorsers answer a first outcome, or refuse it for its time.
    const look = (objection?: unknown) => unlessForbidden(() => this.firstOutcome(statement, objection));
    const first = hasArrived ? await this.arrivals.shown(() => look()) : undefined;
    return first ?? persistently(async () => (await look(against)) ?? this.propose(statement, input));
  }

  private async propose({ payload }: ReadStatement, input: object): Promise<Accepted> {
    const when = (result: unknown) => !StatementOutcome.parse(result).repeated;
    const committed = await this.parts.ledger.submit(transactions[payload.act], input, { when });
    const { repeated, ...outcome } = StatementOutcome.parse(committed.result);
    if (!repeated) return this.outcome({ ...outcome, block: committed.block }, repeated);
    const block = await this.blockOf(outcome.transaction);
    // Endorsers said so, of whom our own peer may not be one: for a receipt it is asked itself.
    if (this.parts.receipt) throw new Failure('LEDGER_CONFLICT');
    return this.outcome({ ...outcome, block }, repeated);
  }

  /** What the clock or the statement's contents say against it. */
  private speaksAgainst(statement: ReadStatement): unknown {
    try {
      checkTime(statement, this.now());
      verifyContents(statement, this.parts, this.now());
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /**
   * What our own peer holds of a statement; undefined when it holds nothing and nothing speaks against it.
   * @throws what speaks against it, if it holds nothing
   */
  private async firstOutcome(
    { id, payload }: ReadStatement,
    against: unknown,
  ): Promise<Accepted | undefined> {
    try {
      const stored = StoredStatement.parse(await this.parts.ledger.evaluate(queries.statement, id));
      const { transaction, committedAt } = stored;
      const block = await this.blockOf(transaction);
      return this.outcome({ act: payload.act, id, transaction, block, committedAt }, true);
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'STATEMENT_UNKNOWN')) throw error;
      if (against !== undefined) throw against;
      return undefined;
    }
  }

  private outcome(outcome: Omit<AcceptedStatement, 'receipt'>, repeated: boolean): Accepted {
    const receipt = this.parts.receipt?.(outcome);
    return { accepted: receipt === undefined ? outcome : { ...outcome, receipt }, repeated };
  }

  /** The block of our own peer in which a transaction stands as valid. @throws Failure LEDGER_DISAGREES */
  private async blockOf(transaction: string): Promise<number> {
    const { block, valid } = await this.parts.ledger.commitOf(transaction, FINDING_BLOCK);
    if (!valid) throw new Failure('LEDGER_DISAGREES', { transaction });
    return block;
  }
}

/** @throws Failure TOKEN_REQUIRED when an enrolment comes without a device that vouches for it */
function inputOf({ compact, payload }: ReadStatement, caller: Caller | undefined) {
  if (payload.act !== 'enrolPatient') return { statement: compact };
  if (caller?.session.subject !== 'device') throw new Failure('TOKEN_REQUIRED');
  return { statement: compact, session: caller.session.session };
}
