import { Contract, Info, Returns, Transaction } from 'fabric-contract-api';

/** Transactions that do nothing: what Fabric itself costs. */
@Info({ title: 'Nothing', description: 'Reads nothing and writes nothing' })
export class Nothing extends Contract {
  constructor() {
    super('nothing');
  }

  @Transaction()
  @Returns('string')
  async pass(): Promise<string> {
    return 'passed';
  }
}
