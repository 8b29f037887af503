import type {
  AccessesState,
  ApprovalRequest,
  Approved,
  BreakGlassCount,
  Device,
  Dispute,
  Failure,
  LateEntryState,
  Link,
  LiveOpening,
  MasterKeyState,
  NetworkState,
  Opening,
  Patient,
  PractitionerKey,
  RecordState,
  Relation,
  Session,
  StoredStatement,
  VersionState,
} from '@chartkey/vocabulary';
import type { ChaincodeStub } from 'fabric-shim';
import { Table } from './table.ts';
import { WorkingSet } from './working-set.ts';

/** A regulator's question on the ledger: who asked, when, and a salted hash of what. */
export interface AuditQuery {
  session: string;
  organisation: string;
  device: string;
  practitioner: string;
  role: string;
  question: string;
  time: string;
}

/** The ledger's words, one table each. The only caller of the stub's state. */
export class WorldState {
  private readonly set: WorkingSet;

  constructor(stub: ChaincodeStub) {
    this.set = new WorkingSet(stub);
  }

  private table<Value, Parts extends readonly string[]>(word: string, missing: Failure['code']) {
    return new Table<Value, Parts>(this.set, word, missing);
  }

  get network() {
    return this.table<NetworkState, []>('network', 'NETWORK_UNKNOWN');
  }
  /** by thumbprint */
  get devices() {
    return this.table<Device, [device: string]>('device', 'DEVICE_UNKNOWN');
  }
  get devicesOf() {
    return this.table<object, [organisation: string, device: string]>('device-of', 'DEVICE_UNKNOWN');
  }
  /** every key ever used, by what for and thumbprint: none is used twice */
  get keys() {
    return this.table<{ owner: string }, [use: 'sig' | 'enc', key: string]>('key', 'INVALID_KEY');
  }
  get sequences() {
    return this.table<{ last: number }, [signer: string]>('sequence', 'STALE_SEQUENCE');
  }
  get statements() {
    return this.table<StoredStatement, [statement: string]>('statement', 'STATEMENT_UNKNOWN');
  }
  get sessions() {
    return this.table<Session, [session: string]>('session', 'SESSION_UNKNOWN');
  }
  get patients() {
    return this.table<Patient, [patient: string]>('patient', 'PATIENT_UNKNOWN');
  }
  /** the statements that shaped what stands about a patient, numbered */
  get chain() {
    return this.table<Link, [patient: string, number: string]>('chain', 'STATEMENT_UNKNOWN');
  }
  /** whom a person acts for, or once did */
  get actsFor() {
    return this.table<object, [person: string, patient: string]>('acts-for', 'DELEGATION_UNKNOWN');
  }
  /** grants, treatment and approvals of a patient for an organisation, in one value: they are read together */
  get relations() {
    return this.table<Relation, [patient: string, organisation: string]>('grants', 'GRANT_UNKNOWN');
  }
  async relationOf(patient: string, organisation: string): Promise<Relation> {
    return (await this.relations.find(patient, organisation)) ?? { grants: [] };
  }
  /** an organisation's master key where it is no longer the founding one */
  get masterKeys() {
    return this.table<MasterKeyState, [organisation: string]>('master-key', 'ORGANISATION_UNKNOWN');
  }
  get practitioners() {
    return this.table<PractitionerKey, [key: string]>('practitioner', 'PRACTITIONER_UNKNOWN');
  }
  get practitionersOf() {
    return this.table<object, [organisation: string, key: string]>('practitioner-of', 'PRACTITIONER_UNKNOWN');
  }
  get approvalRequests() {
    return this.table<ApprovalRequest, [request: string]>('approval', 'REQUEST_UNKNOWN');
  }
  /** what waits for a person or an organisation to approve */
  get waiting() {
    return this.table<object, [principal: string, request: string]>('waiting', 'REQUEST_UNKNOWN');
  }
  /** what an organisation has asked for of a patient's records and is not yet decided */
  get asked() {
    return this.table<{ requests: Approved[] }, [patient: string, organisation: string]>(
      'asked',
      'REQUEST_UNKNOWN',
    );
  }
  get openings() {
    return this.table<Opening, [opening: string]>('opening', 'OPENING_UNKNOWN');
  }
  get openingsOf() {
    return this.table<object, [patient: string, opening: string]>('opening-of', 'OPENING_UNKNOWN');
  }
  /** what an access for an emergency reads */
  get liveOpenings() {
    return this.table<{ openings: LiveOpening[] }, [patient: string, organisation: string]>(
      'live-openings',
      'OPENING_UNKNOWN',
    );
  }
  get unreviewed() {
    return this.table<object, [organisation: string, opening: string]>('unreviewed', 'OPENING_UNKNOWN');
  }
  /** by practitioner (`organisation practitioner`), device or organisation */
  get breakGlassCounts() {
    return this.table<BreakGlassCount, [of: 'practitioner' | 'device' | 'organisation', id: string]>(
      'break-glass-count',
      'OPENING_UNKNOWN',
    );
  }
  /** what was opened while the ledger was away, anchored late */
  get lateEntries() {
    return this.table<LateEntryState, [organisation: string, number: string]>('late-entry', 'ACCESS_UNKNOWN');
  }
  get lateCounts() {
    return this.table<{ last: number }, [organisation: string]>('late-count', 'ACCESS_UNKNOWN');
  }
  get disputes() {
    return this.table<Dispute, [dispute: string]>('dispute', 'OPENING_UNKNOWN');
  }
  get records() {
    return this.table<RecordState, [record: string]>('record', 'RECORD_UNKNOWN');
  }
  get versions() {
    return this.table<VersionState, [record: string, version: string]>('version', 'RECORD_UNKNOWN');
  }
  get recordsOf() {
    return this.table<{ custodian: string }, [patient: string, record: string]>(
      'record-of',
      'RECORD_UNKNOWN',
    );
  }
  /** does an organisation hold a record of a patient? */
  get custody() {
    return this.table<object, [patient: string, organisation: string]>('custody', 'RECORD_UNKNOWN');
  }
  /** all entries of one transaction in one value: logging never conflicts */
  get accesses() {
    return this.table<AccessesState, [transaction: string]>('accesses', 'ACCESS_UNKNOWN');
  }
  get requests() {
    return this.table<{ fingerprint: string; access: string }, [session: string, retryKey: string]>(
      'request',
      'ACCESS_UNKNOWN',
    );
  }
  get auditQueries() {
    return this.table<AuditQuery, [transaction: string]>('audit-query', 'ACCESS_UNKNOWN');
  }

  /** Writes each changed key once. */
  async save(): Promise<void> {
    await this.set.save();
  }
}

/** The key part of a version or a link: seven digits, so that keys sort as numbers do. */
export function numberKey(number: number): string {
  return String(number).padStart(7, '0');
}
