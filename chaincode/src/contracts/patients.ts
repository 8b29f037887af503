import { addGrant, checkEnrolment, checkGrantee, grantOf, memberOf, readStatement } from '@chartkey/rules';
import {
  canonicalJson,
  EnrolPatientInput,
  Failure,
  instantAt,
  type P256Key,
  StatementInput,
  thumbprint,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { useKeys } from '../use-key.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'patients', description: 'Pseudonymous patients and their sequence' })
export class PatientsContract extends LedgerContract {
  constructor() {
    super('patients');
  }

  /** A hospital vouches for the person in front of it, and is recorded as having done so. */
  @Transaction()
  @Returns('string')
  async enrolPatient(tx: RecordsTransaction, input: string): Promise<string> {
    const { statement: compact, session } = tx.input(EnrolPatientInput, input);
    const statement = readStatement(compact, 'enrolPatient');
    const { iss: patient, sig, enc, recorder } = statement.payload;
    return tx.once(statement, async () => {
      const { genesis, network } = await tx.network();
      checkEnrolment(statement, network, tx.checks);
      const { member } = await tx.requireAsker(session);
      if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
      await tx.accept(statement, sig);
      await useKeys(tx, patient, patient, thumbprint(enc));
      const enrolledAt = instantAt(tx.time);
      tx.world.patients.put(
        { patient, sig, enc, enrolledBy: member.id, enrolledAt, statement: statement.id },
        patient,
      );
      const grant = grantOf(statement.id, statement.payload);
      if (recorder === undefined || grant === undefined) return;
      checkGrantee(genesis, recorder);
      tx.world.grants.put({ grants: addGrant([], grant, tx.time) }, patient, recorder);
    });
  }

  /** Burns a sequence number, so that a withheld statement with it can never win. */
  @Transaction()
  @Returns('string')
  async skip(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'skip');
    return tx.once(statement, async () => {
      await tx.accept(statement, await keyOf(tx, statement.payload.iss));
    });
  }

  @Transaction(false)
  @Returns('string')
  async patient(tx: RecordsTransaction, patient: string): Promise<string> {
    await tx.requireCareMember();
    const facts = await tx.world.patients.require(patient);
    return canonicalJson({ ...facts, nextSeq: await tx.nextSeq(patient) });
  }
}

/** The key that signs for an organisation or a patient. */
async function keyOf(tx: RecordsTransaction, signer: string): Promise<P256Key> {
  const { genesis } = await tx.network();
  const isMember = genesis.organisations.some((member) => member.id === signer);
  return isMember ? memberOf(genesis, signer).masterKey : (await tx.world.patients.require(signer)).sig;
}
