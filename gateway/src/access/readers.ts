import { changesOf, hidesFrom, type ReadersFacts, readersOf } from '@chartkey/rules';
import {
  type Denial,
  Failure,
  type Genesis,
  instantAt,
  LiveOpening,
  type Patient,
  PatientFacts,
  queries,
  type ReadersAnswer,
  RecordFacts,
  Relation,
} from '@chartkey/vocabulary';
import type { Caller, Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Persons } from './persons.ts';
import type { Questions } from './questions.ts';

export interface ReadersParts {
  ledger: Pick<Ledger, 'evaluate'>;
  genesis: Genesis;
  questions: Questions;
  persons: Pick<Persons, 'mayAsk'>;
  now?: () => number;
}

/** What a patient's word comes to: who could read a record now, and whom it shut out. */
export class Readers {
  private readonly now: () => number;

  constructor(private readonly parts: ReadersParts) {
    this.now = parts.now ?? Date.now;
  }

  /**
   * For the patient, delegates who may see the log, and regulators, whose question is logged. Each fact is the
   * ledger's newest; they are not of one moment.
   * @param without a grant, denial, rule or delegation: what were otherwise if it did not stand
   * @throws Failure PATIENT_UNKNOWN, NOT_YOURS, RECORD_UNKNOWN, GRANT_UNKNOWN
   */
  async readersOf(
    caller: Caller,
    patient: string,
    { record, without }: { record: string; without?: string | undefined },
  ): Promise<ReadersAnswer> {
    const standing = await this.standingFor(caller, patient);
    const about = RecordFacts.parse(await this.parts.ledger.evaluate(queries.record, record));
    const { session } = caller;
    const isHidden =
      isAnothers(session, patient) && standing.denials.some((one) => hidesFrom(one, session.id, about));
    if (about.patient !== patient || isHidden) throw new Failure('RECORD_UNKNOWN');
    if (session.subject === 'device') {
      await this.parts.questions.log(caller, { patient, readersOf: record, without });
    }
    const { genesis } = this.parts;
    const hospitals = genesis.organisations.filter(({ kind }) => kind === 'hospital').map(({ id }) => id);
    const found = await Promise.all(hospitals.map((id) => this.standsWith(patient, id)));
    const facts: ReadersFacts = {
      ...{ genesis, standing, record: about, time: this.now() },
      relations: new Map(found.map(({ organisation, relation }) => [organisation, relation])),
      openings: new Map(found.map(({ organisation, openings }) => [organisation, openings])),
    };
    const answer = { record, time: instantAt(facts.time), readers: readersOf(facts) };
    if (without === undefined) return answer;
    return { ...answer, without: { statement: without, ...changesOf(facts, without) } };
  }

  /**
   * The denials that stand, for the same, a regulator's question logged too; a delegate is not told of those that
   * hide something from it.
   * @throws Failure PATIENT_UNKNOWN, NOT_YOURS
   */
  async denialsOf(caller: Caller, patient: string): Promise<Page<Denial>> {
    const { session } = caller;
    const { denials, delegates } = await this.standingFor(caller, patient);
    if (session.subject === 'device') await this.parts.questions.log(caller, { denialsOf: patient });
    if (!isAnothers(session, patient)) return { items: denials };
    const reads = delegates.some(({ person, powers }) => person === session.id && powers.includes('read'));
    const hides = ({ who }: Denial) =>
      who === undefined ? reads : 'person' in who && who.person === session.id;
    return { items: denials.filter((one) => !hides(one)) };
  }

  private async standingFor(caller: Caller, patient: string): Promise<Patient> {
    const { ledger, persons } = this.parts;
    if (caller.member?.kind !== 'regulator') await persons.mayAsk(caller, patient, 'log');
    return PatientFacts.parse(await ledger.evaluate(queries.patient, patient));
  }

  private async standsWith(patient: string, organisation: string) {
    const { ledger } = this.parts;
    const [relation, openings] = await Promise.all([
      ledger.evaluate(queries.relation, patient, organisation),
      ledger.evaluate(queries.liveOpenings, patient, organisation),
    ]);
    return {
      organisation,
      relation: Relation.parse(relation),
      openings: LiveOpening.array().parse(openings),
    };
  }
}

/** Does a person ask about another one? */
const isAnothers = ({ subject, id }: Caller['session'], patient: string) =>
  subject === 'patient' && id !== patient;
