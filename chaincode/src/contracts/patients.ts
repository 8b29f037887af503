import {
  addGrant,
  type Confirmed,
  changeStanding,
  checkEnrolment,
  checkHospital,
  enrolled,
  grantOf,
  isStandingAct,
  memberOf,
  type ReadStatement,
  readStatement,
  type StandingAct,
  standingAuthor,
} from '@chartkey/rules';
import {
  canonicalJson,
  EnrolPatientInput,
  Failure,
  instantAt,
  malformed,
  type Patient,
  StatementInput,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { confirmedIn } from '../confirmed.ts';
import { askContacts } from '../open-request.ts';
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
    if (!isStandingStatement(read)) throw malformed('payload.act');
    return tx.once(read, async () => {
      const patient = await tx.world.patients.require(patientOf(read));
      const author = await standingAuthor(read, patient, await tx.signers(), tx.time);
      await tx.accept(read);
      const { payload } = read;
      const approvals = 'approvals' in payload ? (payload.approvals ?? []) : [];
      const confirmed: Confirmed[] = [];
      for (const id of approvals) confirmed.push(await confirmedIn(tx, id));
      const { network } = await tx.network();
      const change = { statement: read, author, network, checks: tx.checks, time: tx.time, confirmed };
      const changed = changeStanding(patient, change);
      await noteKeys(tx, patient, changed);
      await checkNamed(tx, read);
      await askContacts(tx, patient, changed, read.id);
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

/** Whom a statement names as delegate or contact must be there. */
async function checkNamed(tx: RecordsTransaction, { payload }: StandingStatement): Promise<void> {
  if (payload.act === 'nameDelegate') {
    await tx.world.patients.require(payload.person);
    tx.world.actsFor.put({}, payload.person, payload.iss);
  }
  if (payload.act !== 'nameContacts') return;
  const { genesis } = await tx.network();
  const { contacts, outside } = payload;
  if (outside !== undefined) memberOf(genesis, outside);
  for (const one of contacts) {
    if ('person' in one) await tx.world.patients.require(one.person);
    else memberOf(genesis, one.organisation);
  }
}

/**
 * A key that a patient brings is never used by anybody again; a recovery's from its start, so that nobody
 * takes it in between.
 */
async function noteKeys(tx: RecordsTransaction, before: Patient, after: Patient): Promise<void> {
  const pairs = (one: Patient) => (one.recovery ? [...one.keys, one.recovery] : one.keys);
  const known = new Set(pairs(before).map(({ sig }) => thumbprint(sig)));
  for (const { sig, enc } of pairs(after)) {
    if (!known.has(thumbprint(sig))) await useKeys(tx, after.patient, thumbprint(sig), thumbprint(enc));
  }
}
