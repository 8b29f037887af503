import { findCover } from '@chartkey/rules';
import {
  AddVersionInput,
  AnchorRecordInput,
  canonicalJson,
  Failure,
  instantAt,
  type RecordState,
  type VersionState,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { type Asker, RecordsTransaction } from '../transaction.ts';
import { versionKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'records', description: 'What the ledger says of each record and version' })
export class RecordsContract extends LedgerContract {
  constructor() {
    super('records');
  }

  @Transaction()
  @Returns('string')
  async anchorRecord(tx: RecordsTransaction, input: string): Promise<string> {
    const { session, record, patient, commitment } = tx.input(AnchorRecordInput, input);
    const asker = await tx.requireAsker(session);
    const standing = await tx.world.records.find(record);
    if (standing) {
      const first = await tx.world.versions.require(record, versionKey(1));
      const same = standing.patient === patient && standing.custodian === asker.member.id;
      return repeat(first, same && isBy(first, asker, commitment), 'RECORD_EXISTS');
    }
    await requireRecorder(tx, asker, patient, record);
    const { statement: enrolment } = await tx.world.patients.require(patient);
    if (!(await tx.world.custody.find(patient, asker.member.id))) {
      tx.world.custody.put({}, patient, asker.member.id);
    }
    tx.world.recordsOf.put({ custodian: asker.member.id }, patient, record);
    return anchor(tx, asker, {
      record,
      patient,
      enrolment,
      custodian: asker.member.id,
      newest: 1,
      commitment,
    });
  }

  @Transaction()
  @Returns('string')
  async addVersion(tx: RecordsTransaction, input: string): Promise<string> {
    const { session, record, version, commitment } = tx.input(AddVersionInput, input);
    const asker = await tx.requireAsker(session);
    const standing = await tx.world.records.require(record);
    const { patient, custodian, newest } = standing;
    if (custodian !== asker.member.id) throw new Failure('NOT_CUSTODIAN', { custodian });
    if (version <= newest) {
      const earlier = await tx.world.versions.require(record, versionKey(version));
      return repeat(earlier, isBy(earlier, asker, commitment), 'VERSION_CONFLICT');
    }
    if (version !== newest + 1) throw new Failure('VERSION_CONFLICT');
    await requireRecorder(tx, asker, patient, record);
    return anchor(tx, asker, { ...standing, newest: version, commitment });
  }

  @Transaction(false)
  @Returns('string')
  async record(tx: RecordsTransaction, id: string): Promise<string> {
    await tx.requireCareMember();
    const { enrolment: _e, commitment: _c, ...record } = await tx.world.records.require(id);
    const versions = [];
    for (let version = 1; version <= record.newest; version += 1) {
      versions.push(await tx.world.versions.require(id, versionKey(version)));
    }
    return canonicalJson({ ...record, versions });
  }

  @Transaction(false)
  @Returns('string')
  async recordsOf(tx: RecordsTransaction, patient: string): Promise<string> {
    await tx.requireCareMember();
    await tx.world.patients.require(patient);
    const records = [];
    for (const record of await tx.world.recordsOf.under(patient)) {
      records.push({ record, ...(await tx.world.recordsOf.require(patient, record)) });
    }
    return canonicalJson(records);
  }
}

/** A hospital records for a patient who lets it; a grant for some records lets it make no other. */
async function requireRecorder(
  tx: RecordsTransaction,
  asker: Asker,
  patient: string,
  record: string,
): Promise<void> {
  const { session, device, member } = asker;
  if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
  await tx.world.patients.require(patient);
  const standing = await tx.world.grantsOf(patient, member.id);
  const found = findCover(standing, {
    organisation: member.id,
    device: device.device,
    practitioner: session.practitioner ?? '',
    action: 'record',
    record,
    purposes: session.purposes,
    time: tx.time,
  });
  if ('code' in found) throw new Failure(found.code);
  const { grant } = found;
  if (grant.maxUses === undefined) return;
  const grants = standing.map((one) => (one === grant ? { ...one, uses: one.uses + 1 } : one));
  tx.world.grants.put({ grants }, patient, member.id);
}

function anchor(tx: RecordsTransaction, asker: Asker, record: RecordState): string {
  const version: VersionState = {
    version: record.newest,
    author: asker.device.device,
    commitment: record.commitment,
    transaction: tx.id,
    committedAt: instantAt(tx.time),
  };
  tx.world.records.put(record, record.record);
  tx.world.versions.put(version, record.record, versionKey(version.version));
  return answer(version, false);
}

function isBy(version: VersionState, asker: Asker, commitment: string): boolean {
  return version.author === asker.device.device && version.commitment === commitment;
}

/** The same anchor again has its first outcome; another one under its name is refused. */
function repeat(version: VersionState, same: boolean, code: 'RECORD_EXISTS' | 'VERSION_CONFLICT'): string {
  if (!same) throw new Failure(code);
  return answer(version, true);
}

function answer({ version, transaction, committedAt }: VersionState, repeated: boolean): string {
  return canonicalJson({ version, transaction, committedAt, repeated });
}
