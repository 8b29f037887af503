import { Contract } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';

/** What every contract of ours does around a transaction: make its context, and save once at the end. */
export class LedgerContract extends Contract {
  override createContext(): RecordsTransaction {
    return new RecordsTransaction();
  }

  override async afterTransaction(tx: RecordsTransaction): Promise<void> {
    await tx.world.save();
  }
}
