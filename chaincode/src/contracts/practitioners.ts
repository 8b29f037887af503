import { checkKeyProof, memberOf, readStatement } from '@chartkey/rules';
import { canonicalJson, Failure, instantAt, isCareMember, StatementInput } from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { useKey } from '../use-key.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'practitioners', description: 'Whose own key may break glass, review, declare treatment' })
export class PractitionersContract extends LedgerContract {
  constructor() {
    super('practitioners');
  }

  @Transaction()
  @Returns('string')
  async registerPractitioner(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'registerPractitioner');
    return tx.once(statement, async () => {
      const { iss: organisation, practitioner, role, validUntil, key: proof } = statement.payload;
      await tx.acceptFromMaster(statement);
      const { network, genesis } = await tx.network();
      // Practitioners treat, or supervise those who do.
      if (!isCareMember(memberOf(genesis, organisation).kind)) throw new Failure('KIND_NOT_ALLOWED');
      const { time, checks } = tx;
      const { key, sig } = checkKeyProof(proof, { network, owner: organisation, time, checks });
      await useKey(tx, organisation, key);
      tx.world.practitionersOf.put({}, organisation, key);
      tx.world.practitioners.put(
        {
          ...{ key, organisation, practitioner, role, sig },
          statement: statement.id,
          registeredAt: instantAt(time),
          validUntil,
          status: 'registered',
        },
        key,
      );
    });
  }

  @Transaction()
  @Returns('string')
  async revokePractitioner(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'revokePractitioner');
    return tx.once(statement, async () => {
      await tx.acceptFromMaster(statement);
      const key = await tx.world.practitioners.require(statement.payload.key);
      if (key.organisation !== statement.payload.iss) throw new Failure('PRACTITIONER_UNKNOWN');
      tx.world.practitioners.put({ ...key, status: 'revoked' }, key.key);
    });
  }

  @Transaction(false)
  @Returns('string')
  async practitioner(tx: RecordsTransaction, key: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson({ ...(await tx.world.practitioners.require(key)), nextSeq: await tx.nextSeq(key) });
  }

  @Transaction(false)
  @Returns('string')
  async practitioners(tx: RecordsTransaction, organisation: string): Promise<string> {
    await tx.requireCareMember();
    memberOf((await tx.network()).genesis, organisation);
    const keys = [];
    for (const key of await tx.world.practitionersOf.under(organisation)) {
      keys.push(await tx.world.practitioners.require(key));
    }
    return canonicalJson(keys);
  }
}
