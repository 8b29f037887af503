import { Failure } from '@chartkey/vocabulary';

const DAY = 86_400_000;
/** Patients whose day is remembered; above it, days that are over are forgotten. */
const MOST = 10_000;

/** What one patient's records may take of a vault in a day. */
export interface DailyShare {
  records: number;
  bytes: number;
}

interface Day extends DailyShare {
  /** milliseconds */
  until: number;
}

/**
 * Counts what was recorded by patients, so that none fills a vault: a day begins with the first upload, and is
 * forgotten when the gateway ends. Uploads that fail count too.
 */
export class PatientQuota {
  private readonly days = new Map<string, Day>();

  constructor(
    private readonly share: DailyShare,
    private readonly now: () => number = Date.now,
  ) {}

  /** One more upload's bytes, counted as they pass. Fails with TOO_MANY_REQUESTS {retryAfter}. */
  async *metered(patient: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { records, bytes } = this.share;
    const day = this.dayOf(patient);
    if (day.records >= records || day.bytes >= bytes) throw this.refusal(day);
    day.records += 1;
    for await (const chunk of content) {
      day.bytes += chunk.length;
      if (day.bytes > bytes) throw this.refusal(day);
      yield chunk;
    }
  }

  private dayOf(patient: string): Day {
    const now = this.now();
    const known = this.days.get(patient);
    if (known && now < known.until) return known;
    if (this.days.size >= MOST) {
      for (const [one, { until }] of this.days) if (until <= now) this.days.delete(one);
    }
    const day = { records: 0, bytes: 0, until: now + DAY };
    this.days.set(patient, day);
    return day;
  }

  private refusal({ until }: Day): Failure {
    const retryAfter = Math.max(1, Math.ceil((until - this.now()) / 1000));
    return new Failure('TOO_MANY_REQUESTS', { retryAfter });
  }
}
