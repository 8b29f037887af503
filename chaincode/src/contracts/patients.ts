import {
  type Author,
  addGrant,
  anybodysAuthor,
  type Confirmed,
  changeStanding,
  checkEnrolment,
  checkHospital,
  enrolled,
  grantOf,
  isStandingAct,
  patientsAuthor,
  practitionersAuthor,
  type ReadStatement,
  readStatement,
  recoveredKeyAuthor,
  type StandingAct,
} from '@chartkey/rules';
import {
  canonicalJson,
  EnrolPatientInput,
  Failure,
  instantAt,
  type Patient,
  StatementInput,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { confirmedIn } from '../confirmed.ts';
import { RecordsTransaction } from '../transaction.ts';
import { useKeys } from '../use-key.ts';
import { numberKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'patients', description: 'Pseudonymous patients and what stands about them' })
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
    const { iss: patient, enc, recorder, guardian } = statement.payload;
    return tx.once(statement, async () => {
      const { genesis, network } = await tx.network();
      checkEnrolment(statement, network, tx.checks);
      const { member } = await tx.requireAsker(session);
      if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
      await tx.accept(statement);
      await useKeys(tx, patient, patient, thumbprint(enc));
      if (guardian) {
        await tx.world.patients.require(guardian.person);
        tx.world.actsFor.put({}, guardian.person, patient);
      }
      const standing = enrolled(statement, { enrolledBy: member.id, enrolledAt: instantAt(tx.time) });
      link(tx, standing, statement.id);
      const grant = grantOf(statement.id, statement.payload);
      if (recorder !== undefined && grant !== undefined) {
        checkHospital(genesis, recorder);
        tx.world.relations.put({ grants: addGrant([], grant, tx.time) }, patient, recorder);
      }
      return standing;
    });
  }

  /** One door for all that changes what stands about a patient; the law of each verb is in the rules. */
  @Transaction()
  @Returns('string')
  async changeStanding(tx: RecordsTransaction, input: string): Promise<string> {
    const read = readStatement(tx.input(StatementInput, input).statement);
    if (!isStandingStatement(read)) throw new Failure('INVALID_STATEMENT');
    return tx.once(read, async () => {
      const patient = await tx.world.patients.require(patientOf(read));
      const author = await authorOf(tx, read, patient);
      await tx.accept(read);
      const { payload } = read;
      const approvals = 'approvals' in payload ? (payload.approvals ?? []) : [];
      const confirmed: Confirmed[] = [];
      for (const id of approvals) confirmed.push(await confirmedIn(tx, id));
      const { network } = await tx.network();
      const change = { statement: read, author, network, checks: tx.checks, time: tx.time, confirmed };
      const changed = changeStanding(patient, change);
      await noteKeys(tx, patient, changed);
      if (payload.act === 'nameDelegate') {
        await tx.world.patients.require(payload.person);
        tx.world.actsFor.put({}, payload.person, patient.patient);
      }
      link(tx, changed, read.id);
      return patient;
    });
  }

  @Transaction(false)
  @Returns('string')
  async patient(tx: RecordsTransaction, patient: string): Promise<string> {
    await tx.requireCareMember();
    const facts = await tx.world.patients.require(patient);
    return canonicalJson({ ...facts, nextSeq: await tx.nextSeq(patient) });
  }

  /** @param from the number of the first link asked for, from 0 */
  @Transaction(false)
  @Returns('string')
  async chain(tx: RecordsTransaction, patient: string, from: string): Promise<string> {
    await tx.requireCareMember();
    const { links } = await tx.world.patients.require(patient);
    const ids = [];
    for (let number = Number(from); number < links; number += 1) {
      ids.push((await tx.world.chain.require(patient, numberKey(number))).statement);
    }
    return canonicalJson(ids);
  }

  @Transaction(false)
  @Returns('string')
  async actsFor(tx: RecordsTransaction, person: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.actsFor.under(person));
  }
}

/** Keeps what stands now, and the statement that made it so as the next link of the patient's chain. */
function link(tx: RecordsTransaction, standing: Patient, statement: string): void {
  tx.world.patients.put(standing, standing.patient);
  tx.world.chain.put({ statement }, standing.patient, numberKey(standing.links - 1));
}

type StandingStatement = ReadStatement<StatementOf<StandingAct>>;

function isStandingStatement(read: ReadStatement): read is StandingStatement {
  return isStandingAct(read.payload.act);
}

/** Whom a statement is about: the patient that it names, or else its own signer. */
function patientOf({ payload }: StandingStatement): string {
  return ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
}

async function authorOf(tx: RecordsTransaction, read: StandingStatement, patient: Patient): Promise<Author> {
  const signers = await tx.signers();
  switch (read.payload.act) {
    case 'attestDelegate':
      return practitionersAuthor(read, signers, tx.time);
    case 'startRecovery':
      return anybodysAuthor(read, signers, tx.time);
    case 'completeRecovery':
      return recoveredKeyAuthor(read, patient, signers);
    default:
      return patientsAuthor(read, patient, signers, tx.time);
  }
}

/** A key that a patient brings is never used by anybody again. */
async function noteKeys(tx: RecordsTransaction, before: Patient, after: Patient): Promise<void> {
  const known = new Set(before.keys.map(({ statement }) => statement));
  for (const { sig, enc, statement } of after.keys) {
    if (!known.has(statement)) await useKeys(tx, after.patient, thumbprint(sig), thumbprint(enc));
  }
}
