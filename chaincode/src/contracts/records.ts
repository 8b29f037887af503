import {
  AddVersionInput,
  AnchorRecordInput,
  type Corrects,
  canonicalJson,
  Failure,
  instantAt,
  type RecordState,
  type VersionState,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { type Recorder, recorderOf, requireRecording } from '../recorder.ts';
import { RecordsTransaction } from '../transaction.ts';
import { numberKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

type Correcting = NonNullable<ReturnType<typeof AnchorRecordInput.parse>['corrects']>;

@Info({ title: 'records', description: 'What the ledger says of each record and version' })
export class RecordsContract extends LedgerContract {
  constructor() {
    super('records');
  }

  @Transaction()
  @Returns('string')
  async anchorRecord(tx: RecordsTransaction, input: string): Promise<string> {
    const {
      session,
      record,
      patient,
      commitment,
      labels = [],
      corrects,
    } = tx.input(AnchorRecordInput, input);
    const recorder = await recorderOf(tx, session);
    const standing = await tx.world.records.find(record);
    if (standing) {
      const first = await tx.world.versions.require(record, numberKey(1));
      const same = standing.patient === patient && standing.custodian === recorder.member.id;
      return repeat(first, same && isBy(first, recorder, commitment), 'RECORD_EXISTS');
    }
    const madeAt = instantAt(tx.time);
    await requireRecording(tx, recorder, patient, { record, labels, madeAt });
    const correcting = corrects && (await corrected(tx, recorder, { record, patient }, corrects));
    if (!(await tx.world.custody.find(patient, recorder.member.id))) {
      tx.world.custody.put({}, patient, recorder.member.id);
    }
    tx.world.recordsOf.put({ custodian: recorder.member.id }, patient, record);
    return anchor(tx, recorder, {
      record,
      patient,
      custodian: recorder.member.id,
      newest: 1,
      commitment,
      madeAt,
      labels,
      ...(recorder.is === 'person' && { byPatient: true }),
      ...(correcting && { corrects: correcting }),
    });
  }

  @Transaction()
  @Returns('string')
  async addVersion(tx: RecordsTransaction, input: string): Promise<string> {
    const { session, record, version, commitment } = tx.input(AddVersionInput, input);
    const recorder = await recorderOf(tx, session);
    const standing = await tx.world.records.require(record);
    const { patient, custodian, newest } = standing;
    if (custodian !== recorder.member.id) throw new Failure('NOT_CUSTODIAN', { custodian });
    if (version <= newest) {
      const earlier = await tx.world.versions.require(record, numberKey(version));
      return repeat(earlier, isBy(earlier, recorder, commitment), 'VERSION_CONFLICT');
    }
    if (version !== newest + 1) throw new Failure('VERSION_CONFLICT');
    checkAuthorship(standing, recorder);
    await requireRecording(tx, recorder, patient, standing);
    return anchor(tx, recorder, { ...standing, newest: version, commitment });
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

/** A patient's own record stays the patient's, a hospital's the hospital's. */
function checkAuthorship({ byPatient }: RecordState, { is }: Recorder): void {
  if (byPatient && is === 'device') throw new Failure('PATIENT_AUTHORED');
  if (!byPatient && is === 'person') throw new Failure('DEVICES_ONLY');
}

/** A record corrects one about the same patient. Another's and one that does not exist are told apart by nobody. */
async function corrected(
  tx: RecordsTransaction,
  recorder: Recorder,
  { record: own, patient }: { record: string; patient: string },
  { record: id, version, correction }: Correcting,
): Promise<Corrects> {
  if (recorder.is !== 'person') throw new Failure('PATIENTS_ONLY');
  if (id === own) throw new Failure('RECORD_UNKNOWN');
  const record = await tx.world.records.require(id);
  const { newest } = record;
  if (record.patient !== patient || (version ?? newest) > newest) throw new Failure('RECORD_UNKNOWN');
  return { record: id, version: version ?? newest, correction };
}

function anchor(tx: RecordsTransaction, { author }: Recorder, record: RecordState): string {
  const version: VersionState = {
    version: record.newest,
    author,
    commitment: record.commitment,
    transaction: tx.id,
    committedAt: instantAt(tx.time),
  };
  tx.world.records.put(record, record.record);
  tx.world.versions.put(version, record.record, numberKey(version.version));
  return answer(version, false);
}

function isBy(version: VersionState, { author }: Recorder, commitment: string): boolean {
  return version.author === author && version.commitment === commitment;
}

/** The same anchor again has its first outcome; another one under its name is refused. */
function repeat(version: VersionState, same: boolean, code: 'RECORD_EXISTS' | 'VERSION_CONFLICT'): string {
  if (!same) throw new Failure(code);
  return answer(version, true);
}

function answer({ version, transaction, committedAt }: VersionState, repeated: boolean): string {
  return canonicalJson({ version, transaction, committedAt, repeated });
}
