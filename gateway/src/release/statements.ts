import { hash } from 'node:crypto';
import { Failure, queries, STATEMENT_BYTES, StoredStatement } from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import { Recent } from './recent.ts';

/** Statements that are kept; one has about 1 KB, 16 KiB at most. */
const KEPT = 4096;

/** What this room asks the ledger. */
export interface Queries {
  /** see `Ledger.evaluate` */
  evaluate(query: string, ...args: string[]): Promise<unknown>;
}

/**
 * Accepted statements by id. A statement never changes, and its id is its own digest, so the ledger's state
 * cannot pass another one off as it.
 */
export class Statements {
  private readonly kept: Recent<string, Promise<string>>;

  constructor(
    private readonly ledger: Queries,
    kept: number = KEPT,
  ) {
    this.kept = new Recent(kept);
  }

  /**
   * The compact JWS of this id. Its signature is not checked here.
   * @throws Disagreement when the ledger names a statement that it does not hold, or holds another one for it
   * @throws Failure LEDGER_UNAVAILABLE, BUSY, BROKEN
   */
  async textOf(id: string): Promise<string> {
    return this.kept.obtain(id, () => this.fetch(id));
  }

  private async fetch(id: string): Promise<string> {
    const stored = StoredStatement.safeParse(await this.answer(id));
    if (!stored.success) throw new Disagreement('a statement is not stored as one');
    const { statement } = stored.data;
    const signed = statement.slice(0, statement.lastIndexOf('.'));
    if (statement.length > STATEMENT_BYTES || hash('sha256', signed, 'base64url') !== id) {
      throw new Disagreement('a statement is stored under another id than its own');
    }
    return statement;
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
