import type { Transaction } from 'kysely';
import type { Announcement } from '../events/announcements.ts';
import { audienceKey } from '../events/audience.ts';
import { portions } from './portions.ts';
import type { EventRow, IndexTables } from './tables.ts';

/**
 * The rows of events. Who keeps a record is in the index already, be it from an earlier block or from the
 * blocks whose other rows this database transaction has written.
 */
export async function eventRows(
  transaction: Transaction<IndexTables>,
  announced: readonly Announcement[],
): Promise<EventRow[]> {
  const kept = announced.flatMap(({ custodian, event }) => (custodian && event.record) || []);
  const custodians = await custodiansOf(transaction, [...new Set(kept)]);
  return announced.map(({ block, nth, event, patient = null, organisation = null, custodian }) => {
    const keeper = (custodian && custodians.get(event.record ?? '')) || null;
    return {
      ...{ block, nth, patient, organisation },
      custodian: keeper === organisation ? null : keeper,
      event: JSON.stringify(event),
    };
  });
}

async function custodiansOf(transaction: Transaction<IndexTables>, records: string[]) {
  const custodians = new Map<string, string>();
  for (const some of portions(records)) {
    const found = transaction.selectFrom('records').select(['record', 'custodian']);
    for (const { record, custodian } of await found.where('record', 'in', some).execute()) {
      custodians.set(record, custodian);
    }
  }
  return custodians;
}

/** The audiences that these rows are news to. */
export function toldIn(rows: readonly EventRow[]): Set<string> {
  const keys = new Set<string>();
  for (const { patient, organisation, custodian } of rows) {
    if (patient !== null) keys.add(audienceKey({ patient }));
    for (const one of [organisation, custodian]) {
      if (one !== null) keys.add(audienceKey({ organisation: one }));
    }
  }
  return keys;
}
