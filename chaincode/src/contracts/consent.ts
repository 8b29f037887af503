import {
  addGrant,
  checkGrantee,
  checkHospital,
  checkMayWiden,
  checkWords,
  grantOf,
  passedOn,
  type ReadStatement,
  readStatement,
} from '@chartkey/rules';
import {
  canonicalJson,
  Failure,
  type Grant,
  malformed,
  millisecondsOf,
  type Patient,
  StatementInput,
  type StatementOf,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

/** Milliseconds that a declared treatment lasts at most: 90 days. */
const LONGEST_TREATMENT = 90 * 86_400_000;

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
      const patient = await patientOf(tx, statement);
      await tx.acceptFromPatient(statement, patient);
      checkMayWiden(patient, 'grantConsent', tx.time);
      checkWords(statement.payload);
      checkGrantee((await tx.network()).genesis, statement.payload.grantee);
      const grant = grantOf(statement.id, statement.payload);
      if (grant === undefined) throw malformed('payload.grantee');
      await changeGrants(tx, patient, grant, (standing) => addGrant(standing, grant, tx.time));
      return patient;
    });
  }

  /** Needs no sequence, so nothing withheld can stand in its way. A second revocation changes nothing. */
  @Transaction()
  @Returns('string')
  async revokeConsent(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'revokeConsent');
    return tx.once(statement, async () => {
      const patient = await patientOf(tx, statement);
      await tx.acceptFromPatient(statement, patient);
      const grant = await madeBy(tx, patient.patient, statement.payload.grant);
      const without = (id: string) => (standing: readonly Grant[]) =>
        standing.filter((one) => one.grant !== id);
      const [stood] = await changeGrants(tx, patient, grant, without(grant.grant));
      // What was passed on from it goes with it.
      const passed = stood?.passedTo;
      if (passed) {
        await changeGrants(tx, patient, { grantee: passed, grant: passed.grant }, without(passed.grant));
      }
      return patient;
    });
  }

  /** A referral: a practitioner of the grantee passes a grant on, once, where the patient allowed it. */
  @Transaction()
  @Returns('string')
  async passOn(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'passOn');
    return tx.once(statement, async () => {
      const { patient: id, grant, to } = statement.payload;
      const patient = await tx.world.patients.require(id);
      const by = await tx.acceptFromPractitioner(statement);
      checkMayWiden(patient, 'grantConsent', tx.time);
      checkHospital((await tx.network()).genesis, to);
      const { grants } = await tx.world.relationOf(id, by.organisation);
      const given = grants.find((one) => one.grant === grant);
      if (!given) throw new Failure('PASS_ON_NOT_GRANTED');
      const passed = passedOn(given, by, { id: statement.id, to });
      const passedTo = { organisation: to, grant: statement.id };
      const noted = (standing: readonly Grant[]) =>
        standing.map((one) => (one.grant === grant ? { ...one, passedTo } : one));
      await changeGrants(tx, patient, given, noted);
      await changeGrants(tx, patient, passed, (standing) => addGrant(standing, passed, tx.time));
      return patient;
    });
  }

  /** What is granted to everybody treating is the organisation's as well, until then. */
  @Transaction()
  @Returns('string')
  async declareTreatment(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'declareTreatment');
    return tx.once(statement, async () => {
      const { patient: id, until } = statement.payload;
      const patient = await tx.world.patients.require(id);
      const { organisation } = await tx.acceptFromPractitioner(statement);
      checkHospital((await tx.network()).genesis, organisation);
      if (millisecondsOf(until) > tx.time + LONGEST_TREATMENT) throw malformed('payload.until');
      const relation = await tx.world.relationOf(id, organisation);
      tx.world.relations.put(
        { ...relation, treatment: { statement: statement.id, until } },
        id,
        organisation,
      );
      return patient;
    });
  }

  /** The grants that stand; ended and used-up ones may be among them. */
  @Transaction(false)
  @Returns('string')
  async grants(tx: RecordsTransaction, patient: string, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson((await tx.world.relationOf(patient, organisation)).grants);
  }

  @Transaction(false)
  @Returns('string')
  async relation(tx: RecordsTransaction, patient: string, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.relationOf(patient, organisation));
  }
}

/** Whom a grant or its revocation is about: the patient it names, or else its own signer. */
async function patientOf(
  tx: RecordsTransaction,
  { payload }: ReadStatement<StatementOf<'grantConsent' | 'revokeConsent'>>,
): Promise<Patient> {
  return tx.world.patients.require(payload.patient ?? payload.iss);
}

/**
 * Changes the grants among which one stands: an organisation's, or those to everybody treating.
 * @returns the grant as it stood before, if it did
 */
async function changeGrants(
  tx: RecordsTransaction,
  patient: Patient,
  { grantee, grant }: Pick<Grant, 'grant'> & { grantee: Grant['grantee'] | { organisation: string } },
  change: (standing: readonly Grant[]) => Grant[],
): Promise<Grant[]> {
  const isIt = (one: Grant) => one.grant === grant;
  if ('treating' in grantee) {
    const treating = change(patient.treating);
    if (canonicalJson(treating) !== canonicalJson(patient.treating)) {
      tx.world.patients.put({ ...patient, treating }, patient.patient);
    }
    return patient.treating.filter(isIt);
  }
  const relation = await tx.world.relationOf(patient.patient, grantee.organisation);
  const grants = change(relation.grants);
  if (canonicalJson(grants) !== canonicalJson(relation.grants)) {
    tx.world.relations.put({ ...relation, grants }, patient.patient, grantee.organisation);
  }
  return relation.grants.filter(isIt);
}

/** The grant that a statement made for a patient. @throws Failure GRANT_UNKNOWN */
async function madeBy(
  tx: RecordsTransaction,
  patient: string,
  id: string,
): Promise<Pick<Grant, 'grant' | 'grantee'>> {
  const stored = await tx.world.statements.find(id);
  const payload = stored && readStatement(stored.statement).payload;
  switch (payload?.act) {
    case 'passOn':
      if (payload.patient !== patient) break;
      return { grant: id, grantee: { organisation: payload.to } };
    case 'grantConsent':
    case 'enrolPatient': {
      const about = ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
      const grant = about === patient ? grantOf(id, payload) : undefined;
      if (grant) return grant;
    }
  }
  throw new Failure('GRANT_UNKNOWN');
}
