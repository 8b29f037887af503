import type {
  AccessesState,
  Device,
  Failure,
  Grant,
  NetworkState,
  Patient,
  RecordState,
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
  /** live grants of a patient for an organisation, in one value: they are read together */
  get grants() {
    return this.table<{ grants: Grant[] }, [patient: string, organisation: string]>(
      'grants',
      'GRANT_UNKNOWN',
    );
  }
  async grantsOf(patient: string, organisation: string): Promise<Grant[]> {
    return (await this.grants.find(patient, organisation))?.grants ?? [];
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

/** The key part of a version number: seven digits, so that keys sort as numbers do. */
export function versionKey(version: number): string {
  return String(version).padStart(7, '0');
}
