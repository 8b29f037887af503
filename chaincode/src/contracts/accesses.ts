import {
  type AccessEntry,
  AccessId,
  AccessIds,
  canonicalJson,
  entryOf,
  Failure,
  instantAt,
  LogAuditQueryInput,
  type RecordState,
  type Releasable,
  type ReleasableAnswer,
  RequestAccessInput,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { decidedAgain } from '../decided-again.ts';
import { Entries } from '../entries.ts';
import { readAhead } from '../read-ahead.ts';
import { RecordsTransaction } from '../transaction.ts';
import { numberKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'accesses', description: 'Who asked for what, and what came of it' })
export class AccessesContract extends LedgerContract {
  constructor() {
    super('accesses');
  }

  /** Decides 1 to 64 items in order and logs each, granted or denied, in one value. */
  @Transaction()
  @Returns('string')
  async requestAccess(tx: RecordsTransaction, input: string): Promise<string> {
    const { items } = tx.input(RequestAccessInput, input);
    await readAhead(tx, items);
    const entries = new Entries(tx);
    const outcomes = [];
    for (const [number, item] of items.entries()) outcomes.push(await entries.decide(number, item));
    entries.save();
    return canonicalJson({ outcomes });
  }

  /** A regulator's question is logged before it is answered. */
  @Transaction()
  @Returns('string')
  async logAuditQuery(tx: RecordsTransaction, input: string): Promise<string> {
    const { session: id, question } = tx.input(LogAuditQueryInput, input);
    const { session, device, member } = await tx.requireAsker(id);
    if (member.kind !== 'regulator') throw new Failure('KIND_NOT_ALLOWED');
    tx.world.auditQueries.put(
      {
        session: id,
        organisation: member.id,
        device: device.device,
        practitioner: session.practitioner ?? '',
        role: session.role ?? '',
        question,
        time: instantAt(tx.time),
      },
      tx.id,
    );
    return canonicalJson({ transaction: tx.id });
  }

  @Transaction(false)
  @Returns('string')
  async access(tx: RecordsTransaction, id: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson((await noteOf(tx, id)).entry);
  }

  @Transaction(false)
  @Returns('string')
  async liveOpenings(tx: RecordsTransaction, patient: string, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson((await tx.world.liveOpenings.find(patient, organisation))?.openings ?? []);
  }

  /**
   * Granted reads decided afresh on current state, each with what a custodian needs to prove it again.
   * @param accesses JSON array of 1 to 64 access ids; the answer has an item, or a failure's code, for each
   */
  @Transaction(false)
  @Returns('string')
  async releasable(tx: RecordsTransaction, accesses: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await Promise.all(idsIn(accesses).map((access) => answerFor(tx, access))));
  }
}

function idsIn(accesses: string): string[] {
  try {
    return AccessIds.parse(JSON.parse(accesses));
  } catch {
    throw new Failure('INVALID_TRANSACTION');
  }
}

async function answerFor(tx: RecordsTransaction, access: string): Promise<ReleasableAnswer> {
  try {
    return await releasableOf(tx, access);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { code: error.code };
  }
}

async function releasableOf(tx: RecordsTransaction, id: string): Promise<Releasable> {
  const { entry, until } = await noteOf(tx, id);
  if (entry.record === undefined || entry.version === undefined || entry.decision !== 'granted') {
    throw new Failure('RELEASE_REFUSED');
  }
  const record = await tx.world.records.require(entry.record);
  const { decision, evidence } = await decidedAgain(tx, { ...entry, until }, record);
  return {
    entry,
    now: decision.is === 'granted' ? { is: 'granted', basis: decision.basis } : decision,
    sessionUntil: until,
    custodian: record.custodian,
    commitment: await commitmentOf(tx, record, entry.version),
    labels: record.labels,
    madeAt: record.madeAt,
    ...evidence,
  };
}

async function commitmentOf(tx: RecordsTransaction, record: RecordState, version: number): Promise<string> {
  if (version === record.newest) return record.commitment;
  return (await tx.world.versions.require(record.record, numberKey(version))).commitment;
}

/** An entry and its session's end. @throws Failure ACCESS_UNKNOWN */
async function noteOf(tx: RecordsTransaction, id: string): Promise<{ entry: AccessEntry; until: string }> {
  if (!AccessId.safeParse(id).success) throw new Failure('ACCESS_UNKNOWN');
  const transaction = id.slice(0, 64);
  const state = await tx.world.accesses.require(transaction);
  const entry = entryOf(transaction, state, Number(id.slice(65)));
  const asker = entry && state.askers.find(({ session }) => session === entry.session);
  if (!asker) throw new Failure('ACCESS_UNKNOWN');
  return { entry, until: asker.until };
}
