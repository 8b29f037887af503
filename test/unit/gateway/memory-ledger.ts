import { Failure, queries, type RecordFacts, transactions } from '@chartkey/vocabulary';
import type { Committed, Ledger } from '../../../gateway/src/ledger/ledger.ts';
import { standingOf } from '../../support/standing.ts';

export const patient = `${'P'.repeat(42)}A`;
/** Another person, who acts for nobody. */
export const stranger = `${'Q'.repeat(42)}A`;
export const device = `${'D'.repeat(42)}A`;
export const custodian = 'RiversideMSP';

type Anchoring = { record: string; version?: number; patient?: string; commitment: string };

/** What becomes of a submission beside the law: it fails, before or after it came about. */
export interface Mishap {
  failure: Failure;
  committed: boolean;
}

/** The ledger's law of records in memory, with mishaps on demand. */
export class MemoryLedger implements Pick<Ledger, 'submit' | 'evaluate' | 'commitOf'> {
  readonly records = new Map<string, RecordFacts>();
  readonly mishaps: Mishap[] = [];
  readonly submitted: string[] = [];
  mayRecord = true;
  /** what `commitOf` says of a transaction whose outcome was unknown */
  found: { block: number; valid: boolean } | undefined;

  async submit(transaction: string, input: unknown): Promise<Committed> {
    this.submitted.push(transaction);
    const mishap = this.mishaps.shift();
    if (mishap && !mishap.committed) throw mishap.failure;
    const result = this.anchor(transaction, input as Anchoring);
    if (mishap) throw mishap.failure;
    return { transaction: result.transaction, block: 7, result };
  }

  private anchor(transaction: string, { record, version = 1, commitment, ...rest }: Anchoring) {
    const standing = this.records.get(record);
    if (transaction === transactions.anchorRecord && standing) throw new Failure('RECORD_EXISTS');
    if (standing && version !== standing.newest + 1) throw new Failure('VERSION_CONFLICT');
    const id = String(this.submitted.length).padStart(64, '0');
    const committedAt = new Date().toISOString();
    const facts = standing ?? {
      record,
      patient: rest.patient ?? patient,
      custodian,
      newest: 0,
      madeAt: committedAt,
      labels: [],
      versions: [],
    };
    const added = { version, author: device, commitment, transaction: id, committedAt };
    this.records.set(record, { ...facts, newest: version, versions: [...facts.versions, added] });
    return { version, transaction: id, committedAt, repeated: false };
  }

  async evaluate(query: string, ...args: string[]): Promise<unknown> {
    const [name = ''] = args;
    if (query === queries.record) return required(this.records.get(name), 'RECORD_UNKNOWN');
    if (query === queries.patient) return required(standings.get(name), 'PATIENT_UNKNOWN');
    if (query === queries.relation) return { grants: this.mayRecord ? [grant] : [] };
    return approved;
  }

  async commitOf(transaction: string): Promise<{ block: number; valid: boolean }> {
    if (!this.found) throw new Failure('OUTCOME_UNKNOWN', { transaction });
    return this.found;
  }
}

function required<Value>(value: Value | undefined, code: 'RECORD_UNKNOWN' | 'PATIENT_UNKNOWN'): Value {
  if (value === undefined) throw new Failure(code);
  return value;
}

const key = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
const approved = {
  device,
  organisation: custodian,
  sig: key,
  enc: key,
  use: 'ehr',
  status: 'approved',
  statement: 'A'.repeat(43),
  approvedAt: '2026-01-01T00:00:00.000Z',
};
const grant = {
  grant: `${'G'.repeat(42)}A`,
  grantee: { organisation: custodian },
  scope: 'all',
  actions: ['record'],
  purposes: ['TREAT'],
  uses: 0,
};
const standings = new Map(
  [patient, stranger].map((person) => [person, { ...standingOf(person), nextSeq: 2 }]),
);
