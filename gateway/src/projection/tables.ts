/**
 * The index's tables. Every value is a text or a whole number: times are `Instant`s, structures are JSON,
 * so that one Kysely text serves SQLite and PostgreSQL. `block` and `nth` (a row's place in its block) are
 * the chain's order; `transaction` is the one that wrote what the row says.
 */
export interface IndexTables {
  checkpoints: CheckpointRow;
  accesses: ToldAccessRow;
  statements: StatementRow;
  grants: GrantRow;
  records: RecordRow;
  versions: VersionRow;
  devices: DeviceRow;
  patients: PatientRow;
  audit_queries: AuditQueryRow;
  events: EventRow;
  reviews: ReviewRow;
}

interface Place {
  transaction: string;
  block: number;
  nth: number;
}

interface CheckpointRow {
  network: string;
  /** the block that comes next */
  next: number;
}

export interface AccessRow {
  patient: string;
  /** empty for a patient's or delegate's own read */
  device: string;
  time: string;
  block: number;
  nth: number;
  /** 1: committed more than 60 s after its time; 0: not; null: not judged, the block was read later */
  late: number | null;
  /** JSON of the `ListedAccess`, which names the transaction */
  entry: string;
}

/** An access is an event too: who is told of it beside the patient, and its place among events. */
export interface ToldAccessRow extends AccessRow {
  organisation: string;
  /** the organisation that keeps the record, when it is another one */
  custodian: string | null;
  place: number;
}

export interface StatementRow extends Place {
  statement: string;
  act: string;
  issuer: string;
  committed_at: string;
}

export interface GrantRow extends Place {
  grant: string;
  patient: string;
  /** empty for a grant to everybody treating */
  organisation: string;
  /** JSON of the `Grant` as it was made; `uses` is in the column beside it */
  facts: string;
  uses: number;
  /** the transaction and block of the revocation */
  revoked_by: string | null;
  revoked_block: number | null;
  /** the grant that this one was passed on from: revoked with it */
  origin: string | null;
}

export interface RecordRow extends Place {
  record: string;
  patient: string;
  custodian: string;
  /** the newest version and its time; the place is the first one's, so a list keeps its order */
  version: number;
  committed_at: string;
  /** when the first version was made; JSON of its labels: a grant's scope sees both */
  made_at: string;
  labels: string;
  /** 1 where the patient made it; JSON of what it corrects */
  by_patient: number;
  corrects: string | null;
}

export interface VersionRow extends Place {
  record: string;
  version: number;
  author: string;
  commitment: string;
  committed_at: string;
}

export interface DeviceRow extends Place {
  device: string;
  organisation: string;
  use: string;
  status: string;
  approved_at: string;
  valid_until: string | null;
}

export interface PatientRow extends Place {
  patient: string;
  enrolled_by: string;
  enrolled_at: string;
}

export interface AuditQueryRow extends Place {
  organisation: string;
  device: string;
  practitioner: string;
  role: string;
  /** the salted hash of the question */
  question: string;
  time: string;
}

/** An event that is no access, and who is told of it; its place is the one that the block alone decides. */
export interface EventRow {
  block: number;
  place: number;
  patient: string | null;
  organisation: string | null;
  /** JSON of the `LedgerEvent` */
  event: string;
}

/** A broken glass that nobody has reviewed. */
export interface ReviewRow {
  opening: string;
  patient: string;
  organisation: string;
  review_by: string;
  /** 1: that it is overdue was told */
  told: number;
  /** what broke the glass */
  transaction: string;
  block: number;
}
