import { readStatement } from '@chartkey/rules';
import {
  type AccessEntry,
  AccessesState,
  ApprovalRequest,
  entriesOf,
  eventCursor,
  type LedgerEvent,
  Opening,
  RecordState,
  StoredStatement,
} from '@chartkey/vocabulary';
import { BlockBroken } from '../ledger/chain.ts';
import type { LedgerBlock, LedgerTransaction, LedgerWrite } from '../ledger/ledger.ts';
import { type Told, tellingOf } from './acts.ts';

/** An event, and who is told of it. */
export interface Announcement {
  block: number;
  /** its place in the block */
  place: number;
  event: LedgerEvent;
  /** the patient it is about */
  patient?: string;
  /** the organisation that brought it about, or whose device it is */
  organisation?: string;
  /** told too: another organisation that keeps the event's record, which these blocks need not name */
  custodian?: boolean;
}

type Projection = (write: LedgerWrite, transaction: LedgerTransaction) => (Told | undefined)[];

/** What each kind of world-state value announces, in an order that the block alone decides. */
const projections: Record<string, Projection> = {
  accesses: ({ value }, { id }) =>
    entriesOf(id, AccessesState.parse(value)).map((entry) => {
      const { patient, organisation, record, basis } = entry;
      const custodian = record !== undefined && basis !== 'custodian';
      return { ...lookIn(entry), tell: { patient, organisation, custodian } };
    }),
  statement: ({ value }) => [tellingOf(readStatement(StoredStatement.parse(value).statement))],
  /** Both are told when a request is over: whom it is about, and who asks. */
  approval({ value }) {
    const request = ApprovalRequest.parse(value);
    if (request.status === 'pending') return [];
    const parties = partiesIn(request);
    return [{ kind: 'approval-settled', ids: { ...parties, request: request.request }, tell: parties }];
  },
  /** Whoever is asked, when it is; again when it has withdrawn its approval. */
  waiting({ attributes: [principal = '', request = ''] }, { writes }) {
    const own = ({ objectType, attributes }: LedgerWrite) =>
      objectType === 'approval' && attributes[0] === request;
    const asked = ApprovalRequest.parse(writes.find(own)?.value);
    const isPerson = asked.of.some((one) => 'person' in one && one.person === principal);
    const tell = isPerson ? { patient: principal } : { organisation: principal };
    return [{ kind: 'approval-waiting', ids: { ...partiesIn(asked), request }, tell }];
  },
  opening({ value }) {
    const { opening, patient, organisation, review } = Opening.parse(value);
    const kind = review ? ('break-glass-reviewed' as const) : ('break-glass' as const);
    return [{ kind, ids: { patient, organisation, opening }, tell: { patient, organisation } }];
  },
  version({ attributes: [id] }, { writes }) {
    const own = ({ objectType, attributes }: LedgerWrite) => objectType === 'record' && attributes[0] === id;
    const { record, patient, custodian } = RecordState.parse(writes.find(own)?.value);
    const tell = { patient, organisation: custodian };
    return [{ kind: 'recorded', ids: { patient, organisation: custodian, record }, tell }];
  },
};

/** Whom a request for approvals is about, and who asks. */
function partiesIn({ subject }: ApprovalRequest): { patient?: string; organisation?: string } {
  return {
    ...('patient' in subject && { patient: subject.patient }),
    ...('organisation' in subject && { organisation: subject.organisation }),
  };
}

type Look = Pick<AccessEntry, 'access' | 'decision' | 'record' | 'patient' | 'organisation'>;

/** What an entry of the log tells. */
export function lookIn(entry: Look): Pick<Told, 'kind' | 'ids'> {
  const { access, decision, record, patient, organisation } = entry;
  const ids = { patient, organisation, access, ...(record !== undefined && { record }) };
  return { kind: decision === 'granted' ? 'accessed' : 'denied', ids };
}

/** Writes of a transaction, and events of a write, that places are told apart for. */
const MOST_WRITES = 1_000;
const MOST_EVENTS = 100;
/** The place of a block's first event: smaller ones are of reviews that its time makes overdue. */
export const FIRST_PLACE = MOST_WRITES * MOST_EVENTS;

/**
 * What blocks announce; a pure function of each block. An event's place counts transactions, their writes and
 * what each write announces, so gateways whose versions announce more or less agree on the place of the rest.
 * @throws BlockBroken when a value has another shape than this gateway knows: no event may be left out
 */
export function announcementsOf(blocks: readonly LedgerBlock[]): Announcement[] {
  return blocks.flatMap(({ number: block, transactions }) =>
    transactions.flatMap((transaction, at) =>
      transaction.writes.flatMap((write, which) =>
        announced(write, transaction, block).flatMap((told, item) => {
          if (told === undefined) return [];
          const place = ((at + 1) * MOST_WRITES + which) * MOST_EVENTS + item;
          const { id, time } = transaction;
          const { kind, ids, tell } = told;
          const event = { cursor: eventCursor(block, place), kind, time, transaction: id, block, ...ids };
          return [{ block, place, event, ...tell }];
        }),
      ),
    ),
  );
}

function announced(write: LedgerWrite, transaction: LedgerTransaction, block: number) {
  if (!transaction.valid || write.value === undefined || !Object.hasOwn(projections, write.objectType))
    return [];
  try {
    return projections[write.objectType]?.(write, transaction) ?? [];
  } catch (error) {
    throw new BlockBroken(block, `its ${write.objectType} value cannot be read`, error);
  }
}
