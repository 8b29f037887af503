import * as z from 'zod';
import { SignedGenesis } from './genesis.ts';
import {
  AccessId,
  Base32Id,
  Instant,
  OrganisationId,
  SessionId,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
  VersionNumber,
} from './ids.ts';
import { DeviceKey, P256Key } from './keys.ts';
import { type Act, Grantee, Scope, STATEMENT_BYTES } from './statement.ts';
import { Action, Basis, DeviceUse, Purpose, Role } from './words.ts';

/** Items that one transaction takes at most. */
export const MOST_ITEMS = 64;

/**
 * Names of the transactions and queries, `contract:transaction`. A transaction takes one argument,
 * the base64url SHA-256 of the transient value `input` (canonical JSON); a query takes plain texts.
 */
export const transactions = {
  registerConsortium: 'network:registerConsortium',
  enrolPatient: 'patients:enrolPatient',
  grantConsent: 'consent:grantConsent',
  revokeConsent: 'consent:revokeConsent',
  approveDevice: 'devices:approveDevice',
  revokeDevice: 'devices:revokeDevice',
  skip: 'patients:skip',
  startSessions: 'sessions:startSessions',
  anchorRecord: 'records:anchorRecord',
  addVersion: 'records:addVersion',
  requestAccess: 'accesses:requestAccess',
  logAuditQuery: 'accesses:logAuditQuery',
} as const satisfies Record<Act, string> & Record<string, string>;

/** Queries and what each takes (texts) and answers (canonical JSON of the named shape). */
export const queries = {
  /** () -> NetworkState */
  network: 'network:network',
  /** () -> OrganisationFacts[] */
  organisations: 'network:organisations',
  /** () -> RunningCode of the process that answers */
  runningCode: 'network:runningCode',
  /** (organisation) -> OrganisationFacts */
  organisation: 'network:organisation',
  /** (thumbprint) -> Device */
  device: 'devices:device',
  /** (organisation) -> Device[] */
  devices: 'devices:devices',
  /** (patient) -> PatientFacts; care members */
  patient: 'patients:patient',
  /** (patient, organisation) -> Grant[] that have not been revoked; care members */
  grants: 'consent:grants',
  /** (record) -> RecordFacts; care members */
  record: 'records:record',
  /** (patient, organisation) -> { records: [{record, custodian}] }; care members */
  recordsOf: 'records:recordsOf',
  /** (access) -> AccessEntry; care members */
  access: 'accesses:access',
  /** (JSON array of 1 to 64 accesses) -> ReleasableAnswer[]; care members */
  releasable: 'accesses:releasable',
  /** (session) -> Session; care members and who started it */
  session: 'sessions:session',
  /** (statement id) -> StoredStatement; care members */
  statement: 'statements:statement',
} as const;

const Jws = z.string().max(STATEMENT_BYTES);

export const RegisterConsortiumInput = SignedGenesis;
export const StatementInput = z.strictObject({ statement: Jws });
export const EnrolPatientInput = z.strictObject({ statement: Jws, session: SessionId });
export const StartSessionsInput = z.strictObject({ assertions: z.array(Jws).min(1).max(MOST_ITEMS) });
export const AnchorRecordInput = z.strictObject({
  session: SessionId,
  record: Base32Id,
  patient: Thumbprint,
  commitment: Sha256Text,
});
export const AddVersionInput = z.strictObject({
  session: SessionId,
  record: Base32Id,
  version: VersionNumber,
  commitment: Sha256Text,
});

/** The retry key of a read: HMACed by the gateway, so a client's text never reaches the ledger. */
const RetryKey = Sha256Text;
export const ReadItem = z.strictObject({
  kind: z.literal('read'),
  session: SessionId,
  record: Base32Id,
  version: VersionNumber.optional(),
  purpose: Purpose,
  retryKey: RetryKey.optional(),
});
export const ListItem = z.strictObject({
  kind: z.literal('list'),
  session: SessionId,
  patient: Thumbprint,
  purpose: Purpose,
});
export const AccessItem = z.discriminatedUnion('kind', [ReadItem, ListItem]);
export type AccessItem = z.infer<typeof AccessItem>;
export const RequestAccessInput = z.strictObject({ items: z.array(AccessItem).min(1).max(MOST_ITEMS) });
export const LogAuditQueryInput = z.strictObject({ session: SessionId, question: Sha256Text });

/** What a statement brought about. The same statement again brings the first outcome, `repeated`. */
export const StatementOutcome = z.object({
  act: z.string(),
  id: StatementId,
  transaction: TransactionId,
  /** ledger time */
  committedAt: Instant,
  repeated: z.boolean(),
});
export type StatementOutcome = z.infer<typeof StatementOutcome>;

/** One assertion's outcome: the session, or the failure's code. */
export const SessionOutcome = z.union([
  z.object({ session: SessionId, until: Instant }),
  z.object({ code: z.string() }),
]);
export type SessionOutcome = z.infer<typeof SessionOutcome>;

/**
 * One item's outcome. `granted` and `denied` have an entry `<transaction>:<item>`; `repeated` names the
 * access that the same retry key made; `refused` has no entry (nothing there to log, or no person asked).
 */
export const AccessOutcome = z.discriminatedUnion('is', [
  z.object({ is: z.literal('granted'), basis: Basis, version: VersionNumber.optional() }),
  z.object({ is: z.literal('denied'), code: z.string() }),
  z.object({ is: z.literal('repeated'), access: AccessId }),
  z.object({ is: z.literal('refused'), code: z.string() }),
]);
export type AccessOutcome = z.infer<typeof AccessOutcome>;

export const Device = z.object({
  device: Thumbprint,
  organisation: OrganisationId,
  sig: DeviceKey,
  enc: P256Key,
  use: DeviceUse,
  status: z.enum(['approved', 'revoked']),
  /** the approving statement's id */
  statement: StatementId,
  approvedAt: Instant,
  validUntil: Instant.optional(),
});
export type Device = z.infer<typeof Device>;

export const Session = z.object({
  session: SessionId,
  /** the device or patient whose assertion started it */
  subject: z.enum(['device', 'patient']),
  id: Thumbprint,
  /** the organisation whose gateway started it */
  startedBy: OrganisationId,
  practitioner: Base32Id.optional(),
  role: Role.optional(),
  purposes: z.array(Purpose),
  until: Instant,
});
export type Session = z.infer<typeof Session>;

export const Patient = z.object({
  patient: Thumbprint,
  sig: P256Key,
  enc: P256Key,
  enrolledBy: OrganisationId,
  enrolledAt: Instant,
  /** the enrolling statement's id */
  statement: StatementId,
});
export type Patient = z.infer<typeof Patient>;

/** The facts of a grant that a decision needs; its words are in the statement of the same id. */
export const Grant = z.object({
  grant: StatementId,
  grantee: Grantee,
  scope: Scope,
  actions: z.array(Action),
  purposes: z.array(Purpose),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  maxUses: z.number().optional(),
  uses: z.number(),
});
export type Grant = z.infer<typeof Grant>;

/** What every read of a record needs, in one value. */
export const RecordState = z.object({
  record: Base32Id,
  patient: Thumbprint,
  /** id of the statement that enrolled the patient */
  enrolment: StatementId,
  custodian: OrganisationId,
  newest: VersionNumber,
  /** the newest version's */
  commitment: Sha256Text,
});
export type RecordState = z.infer<typeof RecordState>;

export const VersionState = z.object({
  version: VersionNumber,
  author: Thumbprint,
  commitment: Sha256Text,
  transaction: TransactionId,
  committedAt: Instant,
});
export type VersionState = z.infer<typeof VersionState>;

/** One access as the ledger tells it: who asked for what, when, and what came of it. */
export const AccessEntry = z.object({
  access: AccessId,
  kind: z.enum(['read', 'list']),
  time: Instant,
  record: Base32Id.optional(),
  version: VersionNumber.optional(),
  patient: Thumbprint,
  session: SessionId,
  organisation: OrganisationId,
  device: Thumbprint,
  practitioner: Base32Id,
  role: Role,
  purpose: Purpose,
  decision: z.enum(['granted', 'denied']),
  code: z.string().optional(),
  basis: Basis.optional(),
  grant: StatementId.optional(),
});
export type AccessEntry = z.infer<typeof AccessEntry>;

/** The entries of one transaction as they stand on the ledger: who asked is said once per session. */
export const AccessesState = z.object({
  time: Instant,
  askers: z.array(
    z.object({
      session: SessionId,
      /** the session's end: nothing flows after it */
      until: Instant,
      organisation: OrganisationId,
      device: Thumbprint,
      practitioner: Base32Id,
      role: Role,
    }),
  ),
  entries: z.array(
    z.object({
      item: z.number(),
      /** position in `askers` */
      asker: z.number(),
      record: Base32Id.optional(),
      version: VersionNumber.optional(),
      patient: Thumbprint,
      purpose: Purpose,
      basis: Basis.optional(),
      grant: StatementId.optional(),
      code: z.string().optional(),
    }),
  ),
});
export type AccessesState = z.infer<typeof AccessesState>;

/** The entries of a transaction's value, each whole. */
export function entriesOf(transaction: string, state: AccessesState): AccessEntry[] {
  return state.entries.flatMap(({ item, asker, ...entry }) => {
    const found = state.askers[asker];
    if (!found) return [];
    const { until: _until, ...who } = found;
    return {
      access: `${transaction}:${item}`,
      kind: entry.record === undefined ? ('list' as const) : ('read' as const),
      time: state.time,
      decision: entry.code === undefined ? ('granted' as const) : ('denied' as const),
      ...who,
      ...entry,
    };
  });
}

/** What `releasable` answers on one snapshot: the entry, today's decision, and the facts behind it. */
export const Releasable = z.object({
  entry: AccessEntry,
  /** the entry decided afresh on current state */
  now: z.union([
    z.object({ is: z.literal('granted'), basis: Basis }),
    z.object({ is: z.literal('denied'), code: z.string() }),
  ]),
  sessionUntil: Instant,
  custodian: OrganisationId,
  commitment: Sha256Text,
  /** statement ids: of the patient's enrolment and of the device's approval */
  enrolment: StatementId,
  approval: StatementId,
});
export type Releasable = z.infer<typeof Releasable>;
/** One access's answer, or the failure that stands in its place. */
export const ReleasableAnswer = z.union([Releasable, z.object({ code: z.string() })]);
export type ReleasableAnswer = z.infer<typeof ReleasableAnswer>;
export const AccessIds = z.array(AccessId).min(1).max(MOST_ITEMS);

export const StoredStatement = z.object({
  statement: z.string(),
  transaction: TransactionId,
  committedAt: Instant,
});
export type StoredStatement = z.infer<typeof StoredStatement>;

export const OrganisationFacts = z.object({
  id: OrganisationId,
  nextSeq: z.number(),
});
export type OrganisationFacts = z.infer<typeof OrganisationFacts>;
export const PatientFacts = Patient.extend({ nextSeq: z.number() });
export type PatientFacts = z.infer<typeof PatientFacts>;
export const RecordFacts = RecordState.omit({ enrolment: true, commitment: true }).extend({
  versions: z.array(VersionState),
});
export type RecordFacts = z.infer<typeof RecordFacts>;
export const NetworkState = SignedGenesis.extend({ network: z.string() });
export type NetworkState = z.infer<typeof NetworkState>;
/** SHA-256, hex, of the code that a chaincode process runs, as the definition's version names it. */
export const RunningCode = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });
export type RunningCode = z.infer<typeof RunningCode>;
