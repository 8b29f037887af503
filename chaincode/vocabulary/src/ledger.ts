import * as z from 'zod';
import { SignedGenesis } from './genesis.ts';
import {
  AccessId,
  Base32Id,
  Instant,
  Label,
  SessionId,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
  VersionNumber,
} from './ids.ts';
import { MOST_LABELS } from './label.ts';
import { Corrects } from './record.ts';
import { type Act, STATEMENT_BYTES } from './statement.ts';
import { Basis, distinct, Purpose } from './words.ts';

/** Items that one transaction takes at most. */
export const MOST_ITEMS = 64;
/** Bytes that a reader's signed request may have: one with an RS384 signature has about 1.5 KB. */
export const REQUEST_BYTES = 4096;
/** Seconds that it lives at most. */
export const REQUEST_SECONDS = 60;

/**
 * Names of the transactions and queries, `contract:transaction`. A transaction takes one argument,
 * the base64url SHA-256 of the transient value `input` (canonical JSON); a query takes plain texts.
 */
export const transactions = {
  registerConsortium: 'network:registerConsortium',
  enrolPatient: 'patients:enrolPatient',
  grantConsent: 'consent:grantConsent',
  revokeConsent: 'consent:revokeConsent',
  passOn: 'consent:passOn',
  declareTreatment: 'consent:declareTreatment',
  denyAccess: 'patients:changeStanding',
  liftDenial: 'patients:changeStanding',
  nameDelegate: 'patients:changeStanding',
  revokeDelegate: 'patients:changeStanding',
  attestDelegate: 'patients:changeStanding',
  layRule: 'patients:changeStanding',
  liftRule: 'patients:changeStanding',
  lockForEmergencies: 'patients:changeStanding',
  liftLock: 'patients:changeStanding',
  setEmergencyCard: 'patients:changeStanding',
  addKey: 'patients:changeStanding',
  removeKey: 'patients:changeStanding',
  rotateKey: 'patients:changeStanding',
  freeze: 'patients:changeStanding',
  unfreeze: 'patients:changeStanding',
  nameContacts: 'patients:changeStanding',
  startRecovery: 'patients:changeStanding',
  vetoRecovery: 'patients:changeStanding',
  confirmRecovery: 'patients:changeStanding',
  completeRecovery: 'patients:changeStanding',
  approve: 'approvals:approve',
  refuse: 'approvals:refuse',
  withdrawApproval: 'approvals:withdrawApproval',
  openBreakGlass: 'emergencies:openBreakGlass',
  secondBreakGlass: 'emergencies:secondBreakGlass',
  reviewBreakGlass: 'emergencies:reviewBreakGlass',
  anchorLateEntry: 'lateEntries:anchorLateEntry',
  reportMissingEntry: 'lateEntries:reportMissingEntry',
  approveDevice: 'devices:approveDevice',
  renewDevice: 'devices:renewDevice',
  revokeDevice: 'devices:revokeDevice',
  registerPractitioner: 'practitioners:registerPractitioner',
  revokePractitioner: 'practitioners:revokePractitioner',
  rotateMasterKey: 'network:rotateMasterKey',
  replaceMasterKey: 'network:replaceMasterKey',
  skip: 'statements:skip',
  /** (session, record, purpose) asks the approvers of a record's rule */
  requestApproval: 'approvals:requestApproval',
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
  /** (patient, organisation) -> Relation; care members */
  relation: 'consent:relation',
  /** (patient, number) -> StatementId[]: links of the patient's chain from that number on; care members */
  chain: 'patients:chain',
  /** (person) -> patients that it acts for or once did; care members */
  actsFor: 'patients:actsFor',
  /** (request) -> ApprovalRequest; care members */
  approvalRequest: 'approvals:approvalRequest',
  /** (person or organisation, `next` of the page before or '') -> Waiting: what waits for it; care members */
  waiting: 'approvals:waiting',
  /** (opening) -> Opening; care members */
  opening: 'emergencies:opening',
  /** (patient, organisation) -> LiveOpening[], ended ones may be among them; care members */
  liveOpenings: 'accesses:liveOpenings',
  /** (organisation) -> Opening[] that nobody has reviewed yet; care members */
  unreviewed: 'emergencies:unreviewed',
  /** (patient) -> Opening[], all of them; care members */
  openingsOf: 'emergencies:openingsOf',
  /** () -> Dispute[]; care members */
  disputes: 'emergencies:disputes',
  /** (organisation, number) -> LateEntryState; care members */
  lateEntry: 'lateEntries:lateEntry',
  /** (organisation) -> { last } number anchored; care members */
  lateCount: 'lateEntries:lateCount',
  /** (key) -> PractitionerFacts; care members */
  practitioner: 'practitioners:practitioner',
  /** (organisation) -> PractitionerKey[]; care members */
  practitioners: 'practitioners:practitioners',
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
  /** what the record is sensitive for, under the patient's key for this custodian */
  labels: distinct(Label, MOST_LABELS).optional(),
  /** what a patient corrects; the newest version unless one is named */
  corrects: Corrects.partial({ version: true }).optional(),
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
  /** a `chartkey-request+jwt` by the reader's own key: the release is made for that key alone */
  request: z.string().max(REQUEST_BYTES).optional(),
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
export const RequestApprovalInput = z.strictObject({
  session: SessionId,
  record: Base32Id,
  purpose: Purpose,
});
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
