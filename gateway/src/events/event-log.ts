import { EventCursor, eventCursor, Failure, type LedgerEvent } from '@chartkey/vocabulary';
import type { Database } from '../projection/database.ts';
import { unanswered } from '../projection/lists.ts';
import type { EventRow } from '../projection/tables.ts';
import type { Audience } from './audience.ts';

/** Events in the order of the chain, and where to go on: the place of the last one looked at. */
export interface EventPage {
  events: LedgerEvent[];
  after: string;
  /** are there more already? */
  more: boolean;
}

type Place = [block: number, nth: number];
/** Who is told of an event: three columns of its row. */
type Told = 'patient' | 'organisation' | 'custodian';

interface Among {
  after: Place;
  /** number of the first block left out */
  before: number;
  limit: number;
}

/** Reads events from the index. */
export class EventLog {
  /** @param next number of the block that the index needs next */
  constructor(
    private readonly database: Database,
    private readonly next: () => number,
  ) {}

  /** The cursor that only what is new from now on comes after. */
  now(): string {
    return eventCursor(this.next(), 0);
  }

  /**
   * An audience's events after a cursor, oldest first.
   * @throws Failure CURSOR_INVALID; INDEX_BEHIND when the database does not answer
   */
  async page(audience: Audience, after: string, limit: number): Promise<EventPage> {
    const place = placeOf(after);
    const rows = await this.rows(audience, place, limit + 1).catch(unanswered);
    const taken = rows.slice(0, limit);
    const last = taken.at(-1);
    return {
      events: taken.map(({ event }) => JSON.parse(event) as LedgerEvent),
      after: last ? eventCursor(last.block, last.nth) : after,
      more: rows.length > limit,
    };
  }

  /**
   * No row names an organisation twice, so its two lists share none. Both end before the same block: what one
   * of them took in while the other was being read would else be passed over.
   */
  private async rows(audience: Audience, after: Place, limit: number): Promise<EventRow[]> {
    const among = { after, before: this.next(), limit };
    if ('patient' in audience) return this.told('patient', audience.patient, among);
    const { organisation } = audience;
    const both = await Promise.all([
      this.told('organisation', organisation, among),
      this.told('custodian', organisation, among),
    ]);
    return both
      .flat()
      .sort((one, other) => one.block - other.block || one.nth - other.nth)
      .slice(0, limit);
  }

  private told(who: Told, id: string, { after, before, limit }: Among): Promise<EventRow[]> {
    return this.database
      .selectFrom('events')
      .selectAll()
      .where(who, '=', id)
      .where((is) => is(is.refTuple('block', 'nth'), '>', is.tuple(...after)))
      .where('block', '<', before)
      .orderBy('block')
      .orderBy('nth')
      .limit(limit)
      .execute();
  }
}

function placeOf(cursor: string): Place {
  if (!EventCursor.safeParse(cursor).success) throw new Failure('CURSOR_INVALID');
  const [block = 0, nth = 0] = cursor.split('.').map(Number);
  return [block, nth];
}
