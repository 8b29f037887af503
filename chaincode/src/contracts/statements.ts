import { anybodysAuthor, readStatement } from '@chartkey/rules';
import { canonicalJson, StatementInput } from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'statements', description: 'Accepted statements, whole, for anybody to verify again' })
export class StatementsContract extends LedgerContract {
  constructor() {
    super('statements');
  }

  /** Burns a sequence number, so that a withheld statement with it can never win. */
  @Transaction()
  @Returns('string')
  async skip(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'skip');
    return tx.once(statement, async () => {
      await anybodysAuthor(statement, await tx.signers(), tx.time);
      await tx.accept(statement);
    });
  }

  @Transaction(false)
  @Returns('string')
  async statement(tx: RecordsTransaction, id: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.statements.require(id));
  }
}
