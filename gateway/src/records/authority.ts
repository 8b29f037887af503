import { deviceStanding, findCover, hasEnded, isUsedUp } from '@chartkey/rules';
import {
  Device,
  Failure,
  Grant,
  type Member,
  millisecondsOf,
  queries,
  type RecordFacts,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * Who may record, and who may see an anchor. The ledger decides a recording again when it is anchored;
 * asking first keeps a body that would be refused from being sent at all.
 */
export class Authority {
  constructor(
    private readonly ledger: Pick<Ledger, 'evaluate'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** The recording device and its hospital. @throws Failure DEVICES_ONLY, KIND_NOT_ALLOWED */
  recorderOf({ session, member }: Caller): { device: string; organisation: string } {
    if (session.subject !== 'device' || !member) throw new Failure('DEVICES_ONLY');
    if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
    return { device: session.id, organisation: member.id };
  }

  /**
   * @throws Failure PATIENT_UNKNOWN, SESSION_EXPIRED, DEVICE_REVOKED, DEVICE_EXPIRED, or why no grant of the
   * patient lets this caller record (NO_GRANT and its kin)
   */
  async requireRecorder(caller: Caller, patient: string, record: string): Promise<void> {
    const { device, organisation } = this.recorderOf(caller);
    const [, facts, grants] = await Promise.all([
      this.ledger.evaluate(queries.patient, patient),
      this.ledger.evaluate(queries.device, device),
      this.grantsOf(patient, organisation),
    ]);
    const time = this.now();
    const { session } = caller;
    if (time > millisecondsOf(session.until)) throw new Failure('SESSION_EXPIRED');
    const standing = deviceStanding(Device.parse(facts), time);
    if (standing !== undefined) throw new Failure(standing);
    const { practitioner = '', purposes } = session;
    const ask = { organisation, device, practitioner, action: 'record' as const, record, purposes, time };
    const found = findCover(grants, ask);
    if ('code' in found) throw new Failure(found.code);
  }

  /**
   * An anchor is for the patient, the custodian, regulators, and organisations with a live grant for it.
   * @throws Failure NOT_YOURS
   */
  async requireReader({ session, member }: Caller, facts: RecordFacts): Promise<void> {
    if (session.subject === 'patient') {
      if (session.id !== facts.patient) throw new Failure('NOT_YOURS');
      return;
    }
    if (member?.kind === 'regulator' || member?.id === facts.custodian) return;
    const grants = member ? await this.grantsOf(facts.patient, member.id) : [];
    if (!grants.some((grant) => isLiveFor(grant, facts.record, this.now()))) throw new Failure('NOT_YOURS');
  }

  private async grantsOf(patient: string, organisation: string): Promise<Grant[]> {
    return Grant.array().parse(await this.ledger.evaluate(queries.grants, patient, organisation));
  }
}

/** Is the grant live, and does it reach this record? */
export function isLiveFor(grant: Grant, record: string, time: number): boolean {
  const begun = grant.notBefore === undefined || time >= millisecondsOf(grant.notBefore);
  const reaches = grant.scope === 'all' || grant.scope.records.includes(record);
  return reaches && begun && !hasEnded(grant, time) && !isUsedUp(grant);
}

/** The custodian of records here, by its id. @throws Failure NOT_CUSTODIAN {custodian} */
export function requireCustodian(organisation: Pick<Member, 'id'>, { custodian }: RecordFacts): void {
  if (custodian !== organisation.id) throw new Failure('NOT_CUSTODIAN', { custodian });
}
