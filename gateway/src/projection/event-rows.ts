import type { Transaction } from 'kysely';
import type { Announcement } from '../events/announcements.ts';
import { audienceKey } from '../events/audience.ts';
import { portions } from './portions.ts';
import type { AccessRow, EventRow, IndexTables, ToldAccessRow } from './tables.ts';

/** The rows of events, and the audiences that they are news to. */
export interface EventRows {
  accesses: ToldAccessRow[];
  events: EventRow[];
  told: Set<string>;
}

const isLook = ({ event }: Announcement) => event.access !== undefined;

/**
 * The rows of events. Who keeps a record is in the index already, be it from an earlier block or from the
 * blocks whose other rows this database transaction has written.
 * @param accesses of the same blocks, one for each announced look, in the same order
 */
export async function eventRows(
  transaction: Transaction<IndexTables>,
  announced: readonly Announcement[],
  accesses: readonly AccessRow[],
): Promise<EventRows> {
  const looks = announced.filter(isLook);
  if (looks.length !== accesses.length) throw new Error('each access is announced once');
  const custodians = await custodiansOf(transaction, looks);
  const rows = looks.map(({ event, place, organisation = '', custodian }, at) => {
    const keeper = (custodian && custodians.get(event.record ?? '')) || organisation;
    const row = accesses[at] as AccessRow;
    return { ...row, organisation, custodian: keeper === organisation ? null : keeper, place };
  });
  const events = announced
    .filter((one) => !isLook(one))
    .map(({ block, place, event, patient = null, organisation = null }) => {
      return { block, place, patient, organisation, event: JSON.stringify(event) };
    });
  return { accesses: rows, events, told: toldIn([...rows, ...events]) };
}

async function custodiansOf(transaction: Transaction<IndexTables>, looks: readonly Announcement[]) {
  const records = new Set(looks.flatMap(({ custodian, event }) => (custodian && event.record) || []));
  const custodians = new Map<string, string>();
  for (const some of portions([...records])) {
    const found = transaction.selectFrom('records').select(['record', 'custodian']);
    for (const { record, custodian } of await found.where('record', 'in', some).execute()) {
      custodians.set(record, custodian);
    }
  }
  return custodians;
}

type Told = Pick<EventRow, 'patient' | 'organisation'> & { custodian?: string | null };

function toldIn(rows: readonly Told[]): Set<string> {
  const keys = new Set<string>();
  for (const { patient, organisation, custodian = null } of rows) {
    if (patient !== null) keys.add(audienceKey({ patient }));
    for (const one of [organisation, custodian]) {
      if (one !== null) keys.add(audienceKey({ organisation: one }));
    }
  }
  return keys;
}
