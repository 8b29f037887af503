import { grantOf, readStatement } from '@chartkey/rules';
import {
  AccessesState,
  Device,
  entriesOf,
  type Grant,
  type ListedAccess,
  millisecondsOf,
  Patient,
  RecordState,
  Relation,
  type Statement,
  StoredStatement,
  VersionState,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { BlockBroken } from '../ledger/chain.ts';
import type { LedgerTransaction, LedgerWrite } from '../ledger/ledger.ts';
import type { ArrivedBlock } from './sink.ts';
import type * as rows from './tables.ts';

/** Milliseconds after its own time at which an entry counts as committed late (ledger.md, time). */
const LATE_MILLISECONDS = 60_000;

/** What some blocks say, each row once, ready to be written in one database transaction. */
export class Facts {
  readonly accesses: rows.AccessRow[] = [];
  readonly statements: rows.StatementRow[] = [];
  readonly grants: rows.GrantRow[] = [];
  readonly revocations: { grant: string; patient: string; transaction: string; block: number }[] = [];
  /** uses by grant, the last word of these blocks */
  readonly uses = new Map<string, number>();
  /** by record: the place of its first mention here, the version of its last */
  readonly records = new Map<string, rows.RecordRow>();
  readonly versions: rows.VersionRow[] = [];
  readonly devices = new Map<string, rows.DeviceRow>();
  readonly patients: rows.PatientRow[] = [];
  readonly auditQueries: rows.AuditQueryRow[] = [];
}

interface Place {
  transaction: string;
  block: number;
  nth: number;
}

/**
 * Where a write stands. Each `place()` is the next in its block, so a projection takes as many for the same
 * write whatever came before: rows must not depend on how the blocks were split.
 */
interface Site {
  transaction: LedgerTransaction;
  arrivedAt: number | undefined;
  place(): Place;
}

type Projection = (facts: Facts, site: Site, write: LedgerWrite) => void;

/** What each kind of world-state value means to the index. Kinds that are not here say nothing to it. */
const projections: Record<string, Projection> = {
  accesses: addAccesses,
  statement: addStatement,
  grants(facts, _site, { value }) {
    noteUses(facts, Relation.parse(value).grants);
  },
  record(facts, { transaction, place }, { value }) {
    const { record, patient, custodian, newest, madeAt, labels, byPatient, corrects } =
      RecordState.parse(value);
    const scope = {
      ...{ made_at: madeAt, labels: JSON.stringify(labels), by_patient: Number(byPatient ?? false) },
      corrects: corrects ? JSON.stringify(corrects) : null,
    };
    const here = { record, patient, custodian, ...scope, ...place() };
    const first = facts.records.get(record) ?? here;
    facts.records.set(record, { ...first, version: newest, committed_at: transaction.time });
  },
  version(facts, { place }, { attributes: [record = ''], value }) {
    const { version, author, commitment, committedAt } = VersionState.parse(value);
    facts.versions.push({ record, version, author, commitment, committed_at: committedAt, ...place() });
  },
  device(facts, { place }, { value }) {
    const { device, organisation, use, status, approvedAt, validUntil } = Device.parse(value);
    const here = place();
    const { transaction, block, nth } = facts.devices.get(device) ?? here;
    facts.devices.set(device, {
      ...{ device, organisation, use, status, transaction, block, nth },
      approved_at: approvedAt,
      valid_until: validUntil ?? null,
    });
  },
  patient(facts, { place }, { value }) {
    const { patient, enrolledBy, enrolledAt, links, treating } = Patient.parse(value);
    noteUses(facts, treating);
    const here = place();
    // What stands about a patient changes; the row says who came when.
    if (links > 1) return;
    facts.patients.push({ patient, enrolled_by: enrolledBy, enrolled_at: enrolledAt, ...here });
  },
  'audit-query'(facts, { place }, { value }) {
    facts.auditQueries.push({ ...AuditQuery.parse(value), ...place() });
  },
};

function noteUses(facts: Facts, grants: readonly Grant[]): void {
  for (const { grant, uses } of grants) if (uses > 0) facts.uses.set(grant, uses);
}

const AuditQuery = z.object({
  organisation: z.string(),
  device: z.string(),
  practitioner: z.string(),
  role: z.string(),
  question: z.string(),
  time: z.string(),
});

function addAccesses(facts: Facts, { transaction, arrivedAt, place }: Site, { value }: LedgerWrite): void {
  const state = AccessesState.parse(value);
  const delay = arrivedAt === undefined ? undefined : arrivedAt - millisecondsOf(state.time);
  const late = delay === undefined ? null : Number(delay > LATE_MILLISECONDS);
  for (const { session: _session, recipient: _recipient, ...entry } of entriesOf(transaction.id, state)) {
    const { block, nth } = place();
    const listed: ListedAccess = { ...entry, transaction: transaction.id, block };
    const { patient, device = '', time } = entry;
    facts.accesses.push({ patient, device, time, block, nth, late, entry: JSON.stringify(listed) });
  }
}

function addStatement(facts: Facts, site: Site, { value }: LedgerWrite): void {
  const { statement, committedAt } = StoredStatement.parse(value);
  const { id, payload } = readStatement(statement);
  const place = site.place();
  const { act, iss } = payload;
  facts.statements.push({ statement: id, act, issuer: iss, committed_at: committedAt, ...place });
  if (payload.act === 'revokeConsent') {
    const { transaction, block } = place;
    facts.revocations.push({ grant: payload.grant, patient: payload.patient ?? iss, transaction, block });
  }
  const made = payload.act === 'passOn' ? passedOnIn(site.transaction, id) : grantMadeBy(id, payload);
  if (made === undefined) return;
  const patient = ('patient' in payload ? payload.patient : undefined) ?? iss;
  facts.grants.push({
    grant: id,
    patient,
    organisation: 'organisation' in made.grantee ? made.grantee.organisation : '',
    facts: JSON.stringify(made),
    uses: 0,
    revoked_by: null,
    revoked_block: null,
    origin: made.from ?? null,
    ...place,
  });
}

function grantMadeBy(id: string, payload: Statement): Grant | undefined {
  return payload.act === 'grantConsent' || payload.act === 'enrolPatient' ? grantOf(id, payload) : undefined;
}

/** The words of a grant that was passed on: they are the first grant's, so only what was written tells them. */
function passedOnIn({ writes }: LedgerTransaction, id: string): Grant | undefined {
  const relations = writes.filter(({ objectType, value }) => objectType === 'grants' && value !== undefined);
  return relations.flatMap(({ value }) => Relation.parse(value).grants).find(({ grant }) => grant === id);
}

/**
 * What blocks say to the index; a pure function of the blocks.
 * @throws BlockBroken when a value has another shape than this gateway knows: the index must not be
 * complete only in appearance
 */
export function factsOf(blocks: readonly ArrivedBlock[]): Facts {
  const facts = new Facts();
  for (const block of blocks) {
    let nth = 0;
    for (const transaction of block.transactions.filter(({ valid }) => valid)) {
      const place = () => ({ transaction: transaction.id, block: block.number, nth: nth++ });
      for (const write of transaction.writes) {
        if (write.value === undefined || !Object.hasOwn(projections, write.objectType)) continue;
        try {
          projections[write.objectType]?.(facts, { transaction, arrivedAt: block.arrivedAt, place }, write);
        } catch (error) {
          throw new BlockBroken(block.number, `its ${write.objectType} value cannot be read`, error);
        }
      }
    }
  }
  return facts;
}
