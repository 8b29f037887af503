import { basisOf, hidesFrom } from '@chartkey/rules';
import {
  AccessEntry,
  Device,
  Failure,
  type Grant,
  type ListedAccess,
  type ListedGrant,
  type ListedRecord,
  LiveOpening,
  type Patient,
  type PatientAnswer,
  PatientFacts,
  type Purpose,
  queries,
  Relation,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { AccessFilter, Caller, Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Lists } from '../projection/lists.ts';
import type { RecordRow } from '../projection/tables.ts';
import { askerOf } from '../records/authority.ts';
import type { Asking, Granted } from './asking.ts';
import type { Persons } from './persons.ts';
import { choosePurpose } from './purpose.ts';
import type { Questions } from './questions.ts';

export interface TrailParts {
  ledger: Pick<Ledger, 'evaluate'>;
  asking: Asking;
  questions: Questions;
  persons: Persons;
  /** the lists, once they show all that the own peer knows; undefined for a third party, which has none */
  lists: (() => Promise<Lists>) | undefined;
  now?: () => number;
}

/** What is known of a patient: records, grants and every look; and a regulator's questions about it. */
export class Trail {
  private readonly now: () => number;

  constructor(private readonly parts: TrailParts) {
    this.now = parts.now ?? Date.now;
  }

  /**
   * For the patient, who acts for it, and the organisation that enrolled it, which learns no more than that.
   * @throws Failure PATIENT_UNKNOWN, NOT_YOURS
   */
  async patientOf(caller: Caller, id: string): Promise<PatientAnswer> {
    const { session, member } = caller;
    if (session.subject === 'patient') await this.parts.persons.mayAsk(caller, id, 'any');
    const facts = PatientFacts.parse(await this.parts.ledger.evaluate(queries.patient, id));
    const { patient, nextSeq, enrolledBy, enrolledAt } = facts;
    const enrolment = { patient, nextSeq, enrolledBy, enrolledAt };
    if (session.subject === 'device' && member?.id !== enrolledBy) throw new Failure('NOT_YOURS');
    if (session.subject === 'device') return enrolment;
    const { keys, frozen, delegates, contacts, recovery, probation } = facts;
    return { ...enrolment, keys, frozen, delegates, contacts, recovery, probation };
  }

  /**
   * A patient sees all its records; a device what its organisation keeps or was granted, which is an access.
   * @throws Refused; Failure PURPOSE_REQUIRED, PATIENT_UNKNOWN, NOT_YOURS, NOT_SERVED_HERE, INDEX_BEHIND
   */
  async recordsOf(
    caller: Caller,
    patient: string,
    { purpose: named, cursor }: { purpose?: Purpose | undefined; cursor?: string | undefined },
  ): Promise<{ page: Page<ListedRecord>; access?: string }> {
    const { session, member } = caller;
    const request = { asker: session.id, cursor };
    if (session.subject === 'patient') {
      const standing = await this.parts.persons.mayAsk(caller, patient, 'read');
      const here = (row: RecordRow) =>
        row.custodian === session.startedBy &&
        !standing?.denials.some((one) => hidesFrom(one, session.id, aboutOf(row)));
      return { page: await (await this.lists()).recordsOf(patient, request, here) };
    }
    const purpose = choosePurpose(session.purposes, named);
    // a list that cannot be shown now is not asked for, since it would cost a use
    if (this.parts.lists) await this.lists();
    const item = { kind: 'list' as const, session: session.session, patient, purpose };
    const granted = await this.parts.asking.ask({ item, device: session.id });
    const facts = await this.factsBehind(granted, patient, caller);
    const isVisible = (row: RecordRow) => {
      if (purpose === 'TREAT' && row.custodian === member?.id) return true;
      if (facts.standing.frozen && purpose !== 'ETREAT') return false;
      const ask = { ...facts.asker, action: 'read' as const, record: aboutOf(row), purposes: [purpose] };
      return basisOf({ ...ask, time: this.now() }, facts).is === 'granted';
    };
    const page = await (await this.lists()).recordsOf(patient, request, isVisible);
    return { page, access: granted.access };
  }

  /**
   * For the patient, delegates who may see the log, and regulators, whose question is logged.
   * @throws Failure NOT_YOURS, NOT_SERVED_HERE, INDEX_BEHIND
   */
  async grantsOf(caller: Caller, patient: string, cursor?: string): Promise<Page<ListedGrant>> {
    await this.requirePersonOrRegulator(caller, patient);
    if (caller.session.subject === 'device') await this.logQuestion(caller, { grantsOf: patient }, cursor);
    return (await this.lists()).grantsOf(patient, { asker: caller.session.id, cursor }, this.now());
  }

  /** For the same; a regulator's question is logged, and from a delegate the hidden is hidden. @throws Failure as `grantsOf` */
  async accessesOf(caller: Caller, patient: string, cursor?: string): Promise<Page<ListedAccess>> {
    const standing = await this.requirePersonOrRegulator(caller, patient);
    if (caller.session.subject === 'device') await this.logQuestion(caller, { patient }, cursor);
    const page = await (await this.lists()).accessesOf(patient, { asker: caller.session.id, cursor });
    return this.parts.persons.visibleOf(page, caller, standing);
  }

  /** For regulators. @throws Failure REGULATORS_ONLY, NOT_SERVED_HERE, INDEX_BEHIND, CURSOR_INVALID */
  async auditAccesses(caller: Caller, filter: AccessFilter, cursor?: string): Promise<Page<ListedAccess>> {
    if (caller.member?.kind !== 'regulator') throw new Failure('REGULATORS_ONLY');
    await this.logQuestion(caller, filter, cursor);
    return (await this.lists()).auditAccesses(filter, { asker: caller.session.id, cursor });
  }

  /**
   * Logs a regulator's question on the ledger. Of a list once: only its first page comes without a cursor, and
   * no other asker's is taken.
   */
  private async logQuestion(caller: Caller, filter: object, cursor?: string): Promise<void> {
    if (cursor === undefined) await this.parts.questions.log(caller, filter);
  }

  /** @returns what stands about the patient, where a delegate asks */
  private async requirePersonOrRegulator(caller: Caller, patient: string): Promise<Patient | undefined> {
    if (caller.member?.kind === 'regulator') return undefined;
    return this.parts.persons.mayAsk(caller, patient, 'log');
  }

  /** What a list rests on. The use that this very access counted does not count against it. */
  private async factsBehind({ access }: Granted, patient: string, { session, member }: Caller) {
    const { ledger } = this.parts;
    const [standing, relation, device, entry, openings] = await Promise.all([
      ledger.evaluate(queries.patient, patient).then((one) => PatientFacts.parse(one)),
      ledger.evaluate(queries.relation, patient, member?.id ?? '').then((one) => Relation.parse(one)),
      ledger.evaluate(queries.device, session.id).then((one) => Device.parse(one)),
      ledger.evaluate(queries.access, access).then((one) => AccessEntry.parse(one)),
      ledger
        .evaluate(queries.liveOpenings, patient, member?.id ?? '')
        .then((one) => LiveOpening.array().parse(one)),
    ]);
    const uncounted = (grants: readonly Grant[]) =>
      grants.map((one) => (one.grant === entry.grant ? { ...one, uses: one.uses - 1 } : one));
    return {
      asker: askerOf(session, device),
      standing: { ...standing, treating: uncounted(standing.treating) },
      relation: { ...relation, grants: uncounted(relation.grants) },
      openings,
    };
  }

  private lists(): Promise<Lists> {
    if (!this.parts.lists) throw new Failure('NOT_SERVED_HERE');
    return this.parts.lists();
  }
}

/** What the index knows of a record, as a grant or a denial sees it. */
function aboutOf({ record, labels, made_at: madeAt }: RecordRow) {
  return { record, labels: z.array(z.string()).parse(JSON.parse(labels)), madeAt };
}
