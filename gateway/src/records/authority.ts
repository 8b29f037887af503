import {
  basisOf,
  decidePersonsAccess,
  deviceStanding,
  hasEnded,
  isInScope,
  isUsedUp,
  names,
} from '@chartkey/rules';
import {
  Device,
  Failure,
  type Grant,
  type Kind,
  type Member,
  millisecondsOf,
  PatientFacts,
  queries,
  type RecordFacts,
  Relation,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OwnRecords } from './own-records.ts';

export interface AuthorityParts {
  ledger: Pick<Ledger, 'evaluate'>;
  /** whose gateway this is */
  organisation: { id: string; kind: Kind };
  /** what patients record for themselves */
  own: Pick<OwnRecords, 'require'>;
  now: () => number;
}

/**
 * Who may record, and who may see an anchor. The ledger decides a recording again when it is anchored;
 * asking first keeps a body that would be refused from being sent at all.
 */
export class Authority {
  private readonly ledger: Pick<Ledger, 'evaluate'>;
  private readonly now: () => number;

  constructor(private readonly parts: AuthorityParts) {
    this.ledger = parts.ledger;
    this.now = parts.now;
  }

  /** Who records at this hospital: a device of it, or a person. @throws Failure KIND_NOT_ALLOWED */
  recorderOf({ session }: Caller): string {
    if (this.parts.organisation.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
    return session.id;
  }

  /**
   * What stands of a record already says who adds to it: the patient to its own, the hospital to the others.
   * @throws Failure PATIENT_AUTHORED, DEVICES_ONLY
   */
  requireAuthorship({ session }: Caller, { byPatient }: RecordFacts): void {
    if (byPatient && session.subject === 'device') throw new Failure('PATIENT_AUTHORED');
    if (!byPatient && session.subject === 'patient') throw new Failure('DEVICES_ONLY');
  }

  /**
   * Of a person also that this hospital keeps it, and its day's share.
   * @throws Failure PATIENT_UNKNOWN, SESSION_EXPIRED, DEVICE_REVOKED, DEVICE_EXPIRED, or why no grant of the
   * patient lets this caller record (NO_GRANT and its kin)
   */
  async requireRecorder(caller: Caller, patient: string, record: RecordAbout): Promise<void> {
    const device = this.recorderOf(caller);
    if (caller.session.subject === 'patient') return this.parts.own.require(caller.session, patient, record);
    const organisation = this.parts.organisation.id;
    const [standing, facts, relation] = await Promise.all([
      this.ledger.evaluate(queries.patient, patient).then((one) => PatientFacts.parse(one)),
      this.ledger.evaluate(queries.device, device).then((one) => Device.parse(one)),
      this.relationOf(patient, organisation),
    ]);
    const time = this.now();
    const { session } = caller;
    if (time > millisecondsOf(session.until)) throw new Failure('SESSION_EXPIRED');
    const failing = deviceStanding(facts, time);
    if (failing !== undefined) throw new Failure(failing);
    if (standing.frozen) throw new Failure('PATIENT_FROZEN');
    const ask = { ...askerOf(session, facts), action: 'record' as const, record, time };
    const decision = basisOf({ ...ask, purposes: session.purposes }, { standing, relation });
    if (decision.is === 'denied') throw new Failure(decision.code);
  }

  /**
   * An anchor is for the patient, a delegate who may read the record, the custodian, regulators, and organisations with a live grant for it.
   * @throws Failure NOT_YOURS
   */
  async requireReader({ session, member }: Caller, facts: RecordFacts): Promise<void> {
    if (session.subject === 'patient') {
      return session.id === facts.patient ? undefined : this.requireDelegate(session, facts);
    }
    if (member?.kind === 'regulator' || member?.id === facts.custodian) return;
    if (!member) throw new Failure('NOT_YOURS');
    const [standing, relation] = await Promise.all([
      this.ledger.evaluate(queries.patient, facts.patient).then((one) => PatientFacts.parse(one)),
      this.relationOf(facts.patient, member.id),
    ]);
    const time = this.now();
    const isTreating = relation.treatment !== undefined && time <= millisecondsOf(relation.treatment.until);
    const grants = isTreating ? relation.grants.concat(standing.treating) : relation.grants;
    const isShutOut = standing.denials.some(
      ({ who, what }) =>
        (who === undefined || ('organisation' in who && who.organisation === member.id)) &&
        (what === undefined || names(what, facts)),
    );
    if (isShutOut || !grants.some((grant) => isLiveFor(grant, facts, time))) throw new Failure('NOT_YOURS');
  }

  private async requireDelegate(session: Caller['session'], record: RecordFacts): Promise<void> {
    const factsOf = async (id: string) => PatientFacts.parse(await this.ledger.evaluate(queries.patient, id));
    const [reader, standing] = await Promise.all([factsOf(session.id), factsOf(record.patient)]);
    const item = { purpose: 'PATRQT' as const };
    const decision = decidePersonsAccess({ item, session, reader, standing, record, time: this.now() });
    if (decision.is === 'denied') throw new Failure('NOT_YOURS');
  }

  private async relationOf(patient: string, organisation: string): Promise<Relation> {
    return Relation.parse(await this.ledger.evaluate(queries.relation, patient, organisation));
  }
}

/** What a grant's scope sees of a record. */
export type RecordAbout = Pick<RecordFacts, 'record' | 'labels' | 'madeAt'>;

/** Who asks in a device's session, as grants and denials see it. */
export function askerOf(
  { id, practitioner, role }: Caller['session'],
  { organisation, department }: Pick<Device, 'organisation' | 'department'>,
) {
  return {
    organisation,
    device: id,
    practitioner: practitioner ?? '',
    ...(department !== undefined && { department }),
    ...(role !== undefined && { role }),
  };
}

/** Is the grant live, and does it reach this record? */
export function isLiveFor(grant: Grant, record: RecordAbout, time: number): boolean {
  const begun = grant.notBefore === undefined || time >= millisecondsOf(grant.notBefore);
  return isInScope(grant.scope, record) && begun && !hasEnded(grant, time) && !isUsedUp(grant);
}

/** The custodian of records here, by its id. @throws Failure NOT_CUSTODIAN {custodian} */
export function requireCustodian(organisation: Pick<Member, 'id'>, { custodian }: RecordFacts): void {
  if (custodian !== organisation.id) throw new Failure('NOT_CUSTODIAN', { custodian });
}
