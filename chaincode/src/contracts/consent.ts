import { addGrant, checkGrantee, checkSpan, grantOf, readStatement } from '@chartkey/rules';
import { canonicalJson, Failure, type Grant, StatementInput } from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'consent', description: 'What a patient permits, and takes back' })
export class ConsentContract extends LedgerContract {
  constructor() {
    super('consent');
  }

  @Transaction()
  @Returns('string')
  async grantConsent(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'grantConsent');
    return tx.once(statement, async () => {
      const patient = await tx.world.patients.require(statement.payload.iss);
      await tx.accept(statement, patient.sig);
      checkSpan(statement.payload);
      const { organisation } = statement.payload.grantee;
      checkGrantee((await tx.network()).genesis, organisation);
      const standing = await tx.world.grantsOf(patient.patient, organisation);
      const grant = grantOf(statement.id, statement.payload);
      if (grant === undefined) throw new Failure('INVALID_STATEMENT');
      const grants = addGrant(standing, grant, tx.time);
      tx.world.grants.put({ grants }, patient.patient, organisation);
    });
  }

  /** Needs no sequence, so nothing withheld can stand in its way. A second revocation changes nothing. */
  @Transaction()
  @Returns('string')
  async revokeConsent(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'revokeConsent');
    return tx.once(statement, async () => {
      const patient = await tx.world.patients.require(statement.payload.iss);
      await tx.accept(statement, patient.sig);
      const { grant, grantee } = await madeBy(tx, patient.patient, statement.payload.grant);
      const standing = await tx.world.grantsOf(patient.patient, grantee.organisation);
      const grants = standing.filter((one) => one.grant !== grant);
      if (grants.length !== standing.length) {
        tx.world.grants.put({ grants }, patient.patient, grantee.organisation);
      }
    });
  }

  /** The grants that stand; ended and used-up ones may be among them. */
  @Transaction(false)
  @Returns('string')
  async grants(tx: RecordsTransaction, patient: string, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.grantsOf(patient, organisation));
  }
}

/** The grant that a patient's statement made. @throws Failure GRANT_UNKNOWN */
async function madeBy(tx: RecordsTransaction, patient: string, id: string): Promise<Grant> {
  const stored = await tx.world.statements.find(id);
  const payload = stored && readStatement(stored.statement).payload;
  if (payload?.iss !== patient || (payload.act !== 'grantConsent' && payload.act !== 'enrolPatient')) {
    throw new Failure('GRANT_UNKNOWN');
  }
  const grant = grantOf(id, payload);
  if (grant === undefined) throw new Failure('GRANT_UNKNOWN');
  return grant;
}
