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
import { persistently } from './persistence.ts';
import { unlessForbidden, type Verification, verifyContents, verifySigner } from './verification.ts';

/** Milliseconds to learn the block of an earlier transaction. */
const FINDING_BLOCK = 10_000;

export interface Accepted {
  accepted: AcceptedStatement;
  repeated: boolean;
}

export interface StatementsParts extends Verification {
  ledger: Ledger;
  /** milliseconds since 1970 */
  now?: () => number;
}

/** The one door for statements: enrolment, consent, revocation, device approval. */
export class Statements {
  private readonly now: () => number;
  /** statements on their way to the ledger, signature and all */
  private readonly travelling = new Map<string, Promise<Accepted>>();

  constructor(private readonly parts: StatementsParts) {
    this.now = parts.now ?? Date.now;
  }

  /**
   * Verifies a statement and brings it to the ledger. The same statement again has its first outcome,
   * also when it has expired since.
   * @throws Failure INVALID_STATEMENT, what verification finds, TOKEN_REQUIRED, STALE_SEQUENCE {expected},
   * LEDGER_CONFLICT, OUTCOME_UNKNOWN {transaction}, or the ledger's
   */
  async submit(compact: string, caller: Caller | undefined): Promise<Accepted> {
    const statement = readStatement(compact);
    const input = inputOf(statement, caller);
    const underway = this.travelling.get(compact);
    if (underway) return { ...(await underway), repeated: true };
    const travel = this.accept(statement, input);
    this.travelling.set(compact, travel);
    try {
      return await travel;
    } finally {
      this.travelling.delete(compact);
    }
  }

  private async accept(statement: ReadStatement, input: object): Promise<Accepted> {
    await verifySigner(statement, this.parts);
    try {
      checkTime(statement, this.now());
      verifyContents(statement, this.parts, this.now());
    } catch (error) {
      const first = await unlessForbidden(() => this.firstOutcome(statement, error));
      if (first) return first;
      // A third party learns by proposing it: endorsers answer a first outcome, or refuse it for its time.
    }
    const transaction = transactions[statement.payload.act];
    const when = (result: unknown) => !StatementOutcome.parse(result).repeated;
    const committed = await persistently(() => this.parts.ledger.submit(transaction, input, { when }));
    const { repeated, ...outcome } = StatementOutcome.parse(committed.result);
    const block = repeated ? await this.blockOf(outcome.transaction) : committed.block;
    return { accepted: { ...outcome, block }, repeated };
  }

  /** What a statement brought about while its time lasted. @throws what speaks against it, if it did not */
  private async firstOutcome({ id, payload }: ReadStatement, against: unknown): Promise<Accepted> {
    try {
      const stored = StoredStatement.parse(await this.parts.ledger.evaluate(queries.statement, id));
      const { transaction, committedAt } = stored;
      const block = await this.blockOf(transaction);
      return { accepted: { act: payload.act, id, transaction, block, committedAt }, repeated: true };
    } catch (error) {
      if (error instanceof Failure && error.code === 'STATEMENT_UNKNOWN') throw against;
      throw error;
    }
  }

  private async blockOf(transaction: string): Promise<number> {
    return (await this.parts.ledger.commitOf(transaction, FINDING_BLOCK)).block;
  }
}

/** @throws Failure TOKEN_REQUIRED when an enrolment comes without a device that vouches for it */
function inputOf({ compact, payload }: ReadStatement, caller: Caller | undefined) {
  if (payload.act !== 'enrolPatient') return { statement: compact };
  if (caller?.session.subject !== 'device') throw new Failure('TOKEN_REQUIRED');
  return { statement: compact, session: caller.session.session };
}
