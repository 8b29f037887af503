import { canonicalJson } from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'statements', description: 'Accepted statements, whole, for anybody to verify again' })
export class StatementsContract extends LedgerContract {
  constructor() {
    super('statements');
  }

  @Transaction(false)
  @Returns('string')
  async statement(tx: RecordsTransaction, id: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.statements.require(id));
  }
}
