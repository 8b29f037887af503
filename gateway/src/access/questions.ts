import { canonicalJson, transactions } from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RetryKeys } from '../retry-keys.ts';

/** Regulators' questions, logged on the ledger before they are answered: a salted hash of each. */
export class Questions {
  constructor(
    private readonly ledger: Pick<Ledger, 'submit'>,
    private readonly retryKeys: RetryKeys,
  ) {}

  async log({ session }: Caller, question: object): Promise<void> {
    const asked = Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined));
    const hash = this.retryKeys.seal(canonicalJson(asked));
    await this.ledger.submit(transactions.logAuditQuery, { session: session.session, question: hash });
  }
}
