import { EventCursor, eventCursor, Failure, type LedgerEvent, type ListedAccess } from '@chartkey/vocabulary';
import type { Database } from '../projection/database.ts';
import { unanswered } from '../projection/lists.ts';
import { FIRST_PLACE, lookIn } from './announcements.ts';
import { type Audience, audienceKey } from './audience.ts';

/** Events in the order of the chain, and where to go on: the place of the last one looked at. */
export interface EventPage {
  events: LedgerEvent[];
  after: string;
  /** are there more already? */
  more: boolean;
}

type Place = [block: number, place: number];

/** Which events: those after one and before a block, so many at most. */
interface Among {
  after: Place;
  /** number of the first block left out, but for reviews that were overdue before it came */
  before: number;
  limit: number;
}

/** Pages that are kept while nothing new is in the index. */
const MOST_PAGES = 1_000;

/** Reads events from the index. */
export class EventLog {
  /** what was read since the index took blocks in last: many who listen to one audience stand at one place */
  private pages = new Map<string, Promise<EventPage>>();
  private readUpTo = 0;

  /** @param next number of the block that the index needs next */
  constructor(
    private readonly database: Database,
    private readonly next: () => number,
  ) {}

  /** The cursor that only what is new from now on comes after. */
  now(): string {
    return eventCursor(this.next(), 0);
  }

  /** Something came without a block: what was read before is no more to be answered. */
  renew(): void {
    this.pages = new Map();
  }

  /**
   * An audience's events after a cursor, oldest first.
   * @throws Failure CURSOR_INVALID; INDEX_BEHIND when the database does not answer
   */
  async page(audience: Audience, after: string, limit: number): Promise<EventPage> {
    const place = placeOf(after);
    const next = this.next();
    if (next !== this.readUpTo || this.pages.size >= MOST_PAGES) this.pages = new Map();
    this.readUpTo = next;
    const { pages } = this;
    const name = `${audienceKey(audience)} ${after} ${limit}`;
    const page = pages.get(name) ?? this.read(audience, place, limit);
    pages.set(name, page);
    page.catch(() => pages.delete(name));
    return page;
  }

  private async read(audience: Audience, place: Place, limit: number): Promise<EventPage> {
    const found = await this.found(audience, place, limit + 1).catch(unanswered);
    const events = found.slice(0, limit);
    const after = events.at(-1)?.cursor ?? eventCursor(...place);
    return { events, after, more: found.length > limit };
  }

  /**
   * No row names an organisation twice, so these lists share none. All end before the same block: what one of
   * them took in while another was being read would else be passed over.
   */
  private async found(audience: Audience, after: Place, limit: number): Promise<LedgerEvent[]> {
    const among = { after, before: this.next(), limit };
    const lists = await Promise.all(
      'patient' in audience
        ? [this.looks('patient', audience.patient, among), this.others('patient', audience.patient, among)]
        : [
            this.looks('organisation', audience.organisation, among),
            this.looks('custodian', audience.organisation, among),
            this.others('organisation', audience.organisation, among),
          ],
    );
    return lists.flat().sort(inOrder).slice(0, limit);
  }

  private async looks(
    who: 'patient' | 'organisation' | 'custodian',
    id: string,
    { after, before, limit }: Among,
  ): Promise<LedgerEvent[]> {
    const rows = await this.database
      .selectFrom('accesses')
      .select(['block', 'place', 'entry'])
      .where(who, '=', id)
      .where((is) => is(is.refTuple('block', 'place'), '>', is.tuple(...after)))
      .where('block', '<', before)
      .orderBy('block')
      .orderBy('nth')
      .limit(limit)
      .execute();
    return rows.map(({ block, place, entry }) => {
      const listed = JSON.parse(entry) as ListedAccess;
      const { time, transaction } = listed;
      const { kind, ids } = lookIn(listed);
      return { cursor: eventCursor(block, place), kind, time, transaction, block, ...ids };
    });
  }

  private async others(
    who: 'patient' | 'organisation',
    id: string,
    { after, before, limit }: Among,
  ): Promise<LedgerEvent[]> {
    const rows = await this.database
      .selectFrom('events')
      .select('event')
      .where(who, '=', id)
      .where((is) => is(is.refTuple('block', 'place'), '>', is.tuple(...after)))
      .where((is) => is(is.refTuple('block', 'place'), '<', is.tuple(before, FIRST_PLACE)))
      .orderBy('block')
      .orderBy('place')
      .limit(limit)
      .execute();
    return rows.map(({ event }) => JSON.parse(event) as LedgerEvent);
  }
}

function inOrder(one: LedgerEvent, other: LedgerEvent): number {
  const [[block, place], [otherBlock, otherPlace]] = [placeOf(one.cursor), placeOf(other.cursor)];
  return block - otherBlock || place - otherPlace;
}

function placeOf(cursor: string): Place {
  if (!EventCursor.safeParse(cursor).success) throw new Failure('CURSOR_INVALID');
  const [block = 0, place = 0] = cursor.split('.').map(Number);
  return [block, place];
}
