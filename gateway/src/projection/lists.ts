import {
  Failure,
  type ListedAccess,
  type ListedDevice,
  type ListedGrant,
  type ListedRecord,
} from '@chartkey/vocabulary';
import type { AccessFilter, Page } from '../gateway.ts';
import { Cursors, type SortKey } from './cursor.ts';
import type { Database } from './database.ts';
import { listedAccess, listedDevice, listedGrant, listedRecord, matches } from './listed.ts';
import { type Reading, readPage } from './page.ts';
import * as rows from './rows.ts';
import type { RecordRow } from './tables.ts';

/** Which page of a list, and whose: a cursor continues only what the same asker began. */
export interface PageRequest {
  /** the device or patient that asks */
  asker: string;
  cursor?: string | undefined;
}

const placeOf = ({ block, nth }: { block: number; nth: number }): rows.PlaceKey => [block, nth];

/** A database that does not answer has fallen behind: it may be another one when it comes back. */
export function unanswered(error: unknown): never {
  const failure = new Failure('INDEX_BEHIND');
  failure.cause = error;
  throw failure;
}

/**
 * The lists that a gateway serves, newest first, 50 items a page. Every one throws a Failure INDEX_BEHIND
 * while the index is catching up or its database does not answer, and CURSOR_INVALID for a cursor of another list, filter or asker. Who
 * may see what is decided before.
 */
export class Lists {
  /**
   * @param isCaughtUp does the index hold what the ledger held when the gateway began?
   * @param cursors shared by gateways that serve one another's cursors
   */
  constructor(
    private readonly database: Database,
    private readonly isCaughtUp: () => boolean,
    private readonly cursors: Cursors = new Cursors(),
  ) {}

  /** Every look at a patient's records, in the order of the chain: what came late still stands on top. */
  accessesOf(patient: string, request: PageRequest): Promise<Page<ListedAccess>> {
    return this.page(['accesses', patient], request, {
      rows: (after: rows.PlaceKey | undefined, limit) =>
        rows.patientAccesses(this.database, patient, after, limit),
      keyOf: (row) => placeOf(row),
      itemOf: listedAccess,
    });
  }

  /**
   * The entries that a filter leaves, `from` and `to` included; one patient's in the order of the chain,
   * else in the order of their times. A page that has a next one may hold fewer than 50 items, or none.
   */
  auditAccesses(filter: AccessFilter, request: PageRequest): Promise<Page<ListedAccess>> {
    const { patient } = filter;
    const asked = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const itemOf = (row: Parameters<typeof listedAccess>[0]) => {
      const entry = listedAccess(row);
      return matches(filter, entry) ? entry : undefined;
    };
    if (patient !== undefined) {
      return this.page(['audit', asked], request, {
        rows: (after: rows.PlaceKey | undefined, limit) =>
          rows.patientAccesses(this.database, patient, after, limit),
        keyOf: (row) => placeOf(row),
        itemOf,
      });
    }
    return this.page(['audit', asked], request, {
      rows: (after: rows.TimeKey | undefined, limit) =>
        rows.accessesInTime(this.database, filter, after, limit),
      keyOf: ({ time, block, nth }) => [time, block, nth],
      itemOf,
    });
  }

  /**
   * The patient's records with their newest versions, the one made last first.
   * @param isVisible leaves out what the asker may not see
   */
  recordsOf(
    patient: string,
    request: PageRequest,
    isVisible: (record: RecordRow) => boolean = () => true,
  ): Promise<Page<ListedRecord>> {
    return this.page(['records', patient], request, {
      rows: (after: rows.PlaceKey | undefined, limit) =>
        rows.patientRecords(this.database, patient, after, limit),
      keyOf: (row) => placeOf(row),
      itemOf: (row) => (isVisible(row) ? listedRecord(row) : undefined),
    });
  }

  /**
   * Every grant the patient ever made.
   * @param time milliseconds at which `status` is told
   */
  grantsOf(patient: string, request: PageRequest, time: number): Promise<Page<ListedGrant>> {
    return this.page(['grants', patient], request, {
      rows: (after: rows.PlaceKey | undefined, limit) =>
        rows.patientGrants(this.database, patient, after, limit),
      keyOf: (row) => placeOf(row),
      itemOf: (row) => listedGrant(row, time),
    });
  }

  /**
   * Every device the organisation ever approved.
   * @param time milliseconds at which `status` is told
   */
  devicesOf(organisation: string, request: PageRequest, time: number): Promise<Page<ListedDevice>> {
    return this.page(['devices', organisation], request, {
      rows: (after: rows.PlaceKey | undefined, limit) =>
        rows.organisationDevices(this.database, organisation, after, limit),
      keyOf: (row) => placeOf(row),
      itemOf: (row) => listedDevice(row, time),
    });
  }

  private async page<Row, Key extends SortKey, Item>(
    list: unknown[],
    { asker, cursor }: PageRequest,
    reading: Reading<Row, Key, Item>,
  ): Promise<Page<Item>> {
    if (!this.isCaughtUp()) throw new Failure('INDEX_BEHIND');
    const about = [asker, ...list];
    // The MAC covers the list, so the key has the form that this list gave it.
    const after = cursor === undefined ? undefined : (this.cursors.open(about, cursor) as Key);
    const rows: typeof reading.rows = (key, limit) => reading.rows(key, limit).catch(unanswered);
    const { items, last } = await readPage({ ...reading, rows }, after);
    return last === undefined ? { items } : { items, next: this.cursors.seal(about, last) };
  }
}
