import { basisOf } from '@chartkey/rules';
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
import { countUse } from '../count-use.ts';
import { type Asker, RecordsTransaction } from '../transaction.ts';
import { numberKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'records', description: 'What the ledger says of each record and version' })
export class RecordsContract extends LedgerContract {
  constructor() {
    super('records');
  }

  @Transaction()
  @Returns('string')
  async anchorRecord(tx: RecordsTransaction, input: string): Promise<string> {
    const { session, record, patient, commitment, labels = [] } = tx.input(AnchorRecordInput, input);
    const asker = await tx.requireAsker(session);
    const standing = await tx.world.records.find(record);
    if (standing) {
      const first = await tx.world.versions.require(record, numberKey(1));
      const same = standing.patient === patient && standing.custodian === asker.member.id;
      return repeat(first, same && isBy(first, asker, commitment), 'RECORD_EXISTS');
    }
    const madeAt = instantAt(tx.time);
    await requireRecorder(tx, asker, patient, { record, labels, madeAt });
    if (!(await tx.world.custody.find(patient, asker.member.id))) {
      tx.world.custody.put({}, patient, asker.member.id);
    }
    tx.world.recordsOf.put({ custodian: asker.member.id }, patient, record);
    return anchor(tx, asker, {
      record,
      patient,
      custodian: asker.member.id,
      newest: 1,
      commitment,
      madeAt,
      labels,
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
      const earlier = await tx.world.versions.require(record, numberKey(version));
      return repeat(earlier, isBy(earlier, asker, commitment), 'VERSION_CONFLICT');
    }
    if (version !== newest + 1) throw new Failure('VERSION_CONFLICT');
    await requireRecorder(tx, asker, patient, standing);
    return anchor(tx, asker, { ...standing, newest: version, commitment });
  }

  @Transaction(false)
  @Returns('string')
  async record(tx: RecordsTransaction, id: string): Promise<string> {
    await tx.requireCareMember();
    const { commitment: _c, ...record } = await tx.world.records.require(id);
    const versions = [];
    for (let version = 1; version <= record.newest; version += 1) {
      versions.push(await tx.world.versions.require(id, numberKey(version)));
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
  { session, device, member }: Asker,
  patient: string,
  record: Pick<RecordState, 'record' | 'labels' | 'madeAt'>,
): Promise<void> {
  if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
  const standing = await tx.world.patients.require(patient);
  if (standing.frozen) throw new Failure('PATIENT_FROZEN');
  const relation = await tx.world.relationOf(patient, member.id);
  const { department } = device;
  const decision = basisOf(
    {
      organisation: member.id,
      device: device.device,
      ...(department !== undefined && { department }),
      practitioner: session.practitioner ?? '',
      ...(session.role !== undefined && { role: session.role }),
      action: 'record',
      record,
      purposes: session.purposes,
      time: tx.time,
    },
    { standing, relation },
  );
  if (decision.is === 'denied') throw new Failure(decision.code);
  if (decision.grant) countUse(tx, standing, member.id, relation, decision.grant);
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
  tx.world.versions.put(version, record.record, numberKey(version.version));
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
