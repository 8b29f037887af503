import { decidePersonsRecording } from '@chartkey/rules';
import { Failure, type Kind, PatientFacts, queries, type Session } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';
import type { RecordAbout } from './authority.ts';
import { type DailyShare, PatientQuota } from './patient-quota.ts';

/** What patients record for themselves, as far as this hospital keeps it. */
export interface Keeping extends DailyShare {
  /** of patients that it enrolled, of any patient of the network, or of none */
  of: 'enrolled' | 'anybody' | 'nobody';
}

export interface OwnRecordsParts {
  ledger: Pick<Ledger, 'evaluate'>;
  organisation: { id: string; kind: Kind };
  keeping: Keeping;
  now: () => number;
}

/** Records that patients, and who acts for them, make themselves: may they, here, and how much in a day? */
export class OwnRecords {
  private readonly quota: PatientQuota;

  constructor(private readonly parts: OwnRecordsParts) {
    this.quota = new PatientQuota(parts.keeping, parts.now);
  }

  /**
   * The ledger decides again when the record is anchored; that this hospital keeps it is decided here alone.
   * @throws Failure PATIENT_UNKNOWN, NOT_A_DELEGATE and its kin, NOT_KEPT_HERE
   */
  async require(session: Session, patient: string, record: RecordAbout): Promise<void> {
    const { organisation, keeping, now } = this.parts;
    const isOwn = session.id === patient;
    const standing = await this.standingOf(patient);
    const reader = isOwn ? standing : await this.standingOf(session.id);
    const { kind } = organisation;
    const decision = decidePersonsRecording({ session, reader, standing, record, kind, time: now() });
    if (decision.is === 'denied') throw new Failure(decision.code);
    const isKept =
      keeping.of === 'anybody' || (keeping.of === 'enrolled' && standing.enrolledBy === organisation.id);
    if (!isKept) throw new Failure('NOT_KEPT_HERE');
  }

  /** One more upload's content on its way to the vault; fails with TOO_MANY_REQUESTS when the day's share is used up. */
  metered(patient: string, content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return this.quota.metered(patient, content);
  }

  private async standingOf(person: string): Promise<PatientFacts> {
    return PatientFacts.parse(await this.parts.ledger.evaluate(queries.patient, person));
  }
}
