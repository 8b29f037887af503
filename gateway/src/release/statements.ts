import { hash } from 'node:crypto';
import { type ReadStatement, readStatement } from '@chartkey/rules';
import {
  CLOCK_SKEW_SECONDS,
  Failure,
  millisecondsOf,
  queries,
  STATEMENT_BYTES,
  StoredStatement,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import { Recent } from './recent.ts';

/** Statements that are kept; one has about 1 KB, 16 KiB at most. */
const KEPT = 4096;

/** What this room asks the ledger. */
export interface Queries {
  /** see `Ledger.evaluate` */
  evaluate(query: string, ...args: string[]): Promise<unknown>;
}

/** A statement that the ledger accepted. Its signature is not checked here. */
export interface Accepted {
  statement: ReadStatement;
  /** ledger time, milliseconds: state's word, but within the time that the signer gave it */
  time: number;
  /** links of the chain of the patient it is about, when it was accepted: state's word */
  links: number | undefined;
}

/**
 * Accepted statements by id. A statement never changes, and its id is its own digest, so the ledger's state
 * cannot pass another one off as it.
 */
export class Statements {
  private readonly kept: Recent<string, Promise<Accepted>>;

  constructor(
    private readonly ledger: Queries,
    kept: number = KEPT,
  ) {
    this.kept = new Recent(kept);
  }

  /**
   * The statement of this id.
   * @throws Disagreement when the ledger names a statement that it does not hold, or holds another one for it
   * @throws Failure INVALID_STATEMENT, LEDGER_UNAVAILABLE, BUSY, BROKEN
   */
  async of(id: string): Promise<Accepted> {
    return this.kept.obtain(id, () => this.fetch(id));
  }

  /** Its compact JWS. @throws as `of` */
  async textOf(id: string): Promise<string> {
    return (await this.of(id)).statement.compact;
  }

  private async fetch(id: string): Promise<Accepted> {
    const stored = StoredStatement.safeParse(await this.answer(id));
    if (!stored.success) throw new Disagreement('a statement is not stored as one');
    const { statement, committedAt, links } = stored.data;
    const signed = statement.slice(0, statement.lastIndexOf('.'));
    if (statement.length > STATEMENT_BYTES || hash('sha256', signed, 'base64url') !== id) {
      throw new Disagreement('a statement is stored under another id than its own');
    }
    const read = readStatement(statement);
    const time = millisecondsOf(committedAt);
    const { iat, exp } = read.payload;
    if (time < (iat - CLOCK_SKEW_SECONDS) * 1000 || time > exp * 1000) {
      throw new Disagreement('a statement was accepted outside its own time');
    }
    return { statement: read, time, links };
  }

  private async answer(id: string): Promise<unknown> {
    try {
      return await this.ledger.evaluate(queries.statement, id);
    } catch (error) {
      if (error instanceof Failure && error.code === 'STATEMENT_UNKNOWN') {
        throw new Disagreement('a statement that state names is not stored');
      }
      throw error;
    }
  }
}
