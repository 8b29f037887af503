import {
  checkGatewaySigned,
  checkIsMissing,
  checkSignature,
  checkWitnesses,
  type DeviceSigned,
  type LateGlass,
  lateOpening,
  practitionerName,
  type ReadStatement,
  readLateEntry,
  readStatement,
  readWitnessed,
} from '@chartkey/rules';
import {
  canonicalJson,
  type Dispute,
  digest,
  Failure,
  instantAt,
  type LateEntry,
  LateEntryInput,
  type Opening,
  type PractitionerKey,
  type RecordState,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { numberKey } from '../world-state/world-state.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'lateEntries', description: 'What was opened in emergencies while the ledger was away' })
export class LateEntriesContract extends LedgerContract {
  constructor() {
    super('lateEntries');
  }

  /** Notes what was released while the ledger could not be reached, one number after the other. */
  @Transaction()
  @Returns('string')
  async anchorLateEntry(tx: RecordsTransaction, input: string): Promise<string> {
    const handed = tx.input(LateEntryInput, input);
    const entry = await verified(tx, handed);
    const { organisation, number, record: id } = entry.claims;
    if (tx.caller !== organisation) throw new Failure('NOT_YOURS');
    const stored = await tx.world.lateEntries.find(organisation, numberKey(number));
    if (stored?.id === entry.id) return canonicalJson(stored);
    const last = (await tx.world.lateCounts.find(organisation))?.last ?? 0;
    if (number !== last + 1) throw new Failure('STALE_SEQUENCE', { expected: last + 1 });
    const record = await tx.world.records.require(id);
    const opening = await openingOf(tx, entry.claims, record);
    await noteOpening(tx, opening);
    await noteStatement(tx, entry.claims.opening);
    await noteStatement(tx, entry.claims.second);
    noteAccess(tx, entry, opening);
    const state = { ...handed, id: entry.id, transaction: tx.id, anchoredAt: instantAt(tx.time) };
    tx.world.lateCounts.put({ last: number }, organisation);
    tx.world.lateEntries.put(state, organisation, numberKey(number));
    return canonicalJson(state);
  }

  /** A witness holds an entry that the ledger does not: a regulator's case. */
  @Transaction()
  @Returns('string')
  async reportMissingEntry(tx: RecordsTransaction, input: string): Promise<string> {
    await tx.requireCareMember();
    const { id, claims } = await verified(tx, tx.input(LateEntryInput, input));
    const { organisation, number, patient } = claims;
    const stored = await tx.world.lateEntries.find(organisation, numberKey(number));
    if (stored?.id === id) throw new Failure('LATE_ENTRY_ANCHORED');
    // Another entry with this number has been anchored: this one never will be.
    if (!stored) checkIsMissing(claims, tx.time);
    const known = await tx.world.disputes.find(id);
    const opening = readStatement(claims.opening, 'openBreakGlass').id;
    const dispute: Dispute = {
      ...{ dispute: id, about: 'missing-entry', opening, patient, organisation },
      ...{ openedAt: instantAt(tx.time), status: 'open' },
    };
    if (!known) tx.world.disputes.put(dispute, id);
    return canonicalJson(known ?? dispute);
  }

  /** @param number of the organisation's entry */
  @Transaction(false)
  @Returns('string')
  async lateEntry(tx: RecordsTransaction, organisation: string, number: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.lateEntries.require(organisation, numberKey(Number(number))));
  }

  /** The number of the last entry that an organisation anchored; 0 when it never did. */
  @Transaction(false)
  @Returns('string')
  async lateCount(tx: RecordsTransaction, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson((await tx.world.lateCounts.find(organisation)) ?? { last: 0 });
  }
}

/** An entry whose gateway and witness really signed. @throws Failure LATE_ENTRY_INVALID, DEVICE_UNKNOWN */
async function verified(
  tx: RecordsTransaction,
  { entry: compact, witnessed }: LateEntryInput,
): Promise<DeviceSigned<LateEntry>> {
  const [entry, word] = [readLateEntry(compact), readWitnessed(witnessed)];
  checkWitnesses(word, entry, await tx.network());
  const gateway = await tx.world.devices.require(entry.kid);
  checkGatewaySigned(entry, gateway, entry.claims.organisation, tx.checks);
  const witness = await tx.world.devices.require(word.kid);
  checkGatewaySigned(word, witness, word.claims.witness, tx.checks);
  return entry;
}

async function openingOf(tx: RecordsTransaction, entry: LateEntry, record: RecordState): Promise<Opening> {
  const isOwn = record.custodian === entry.organisation && record.patient === entry.patient;
  if (!isOwn || entry.version > record.newest) throw new Failure('LATE_ENTRY_INVALID');
  const opened = readStatement(entry.opening, 'openBreakGlass');
  const seconded = readStatement(entry.second, 'secondBreakGlass');
  const glass: LateGlass = {
    ...{ opened, seconded },
    key: await signerOf(tx, opened),
    secondKey: await signerOf(tx, seconded),
  };
  const { genesis } = await tx.network();
  return lateOpening(entry, glass, genesis, tx.time);
}

/** Whose key signed; one that was revoked since then did all the same. */
async function signerOf(tx: RecordsTransaction, statement: ReadStatement): Promise<PractitionerKey> {
  const key = await tx.world.practitioners.require(statement.payload.iss);
  const { network } = await tx.network();
  checkSignature(statement, key.sig, network, tx.checks);
  return key;
}

/** An opening under which several records were read is noted once; it awaits its review like any other. */
async function noteOpening({ world }: RecordsTransaction, opening: Opening): Promise<void> {
  const { opening: id, patient, organisation, reviewBy } = opening;
  if (await world.openings.find(id)) return;
  const name = practitionerName(opening);
  const count = await world.breakGlassCounts.find('practitioner', name);
  const unreviewed = [...(count?.unreviewed ?? []), { opening: id, reviewBy }];
  const times = [...(count?.times ?? []), opening.openedAt];
  world.breakGlassCounts.put({ times, unreviewed }, 'practitioner', name);
  world.openings.put(opening, id);
  world.openingsOf.put({}, patient, id);
  world.unreviewed.put({}, organisation, id);
}

/** Kept whole like any accepted one: it has its outcome, and opens nothing when it is handed in again. */
async function noteStatement({ world, id, time }: RecordsTransaction, compact: string): Promise<void> {
  const statement = readStatement(compact);
  if (await world.statements.find(statement.id)) return;
  const stored = { statement: compact, transaction: id, committedAt: instantAt(time) };
  world.statements.put(stored, statement.id);
}

/** The entry that the patient sees, at the time when it happened, marked as late. */
function noteAccess(
  { world, id }: RecordsTransaction,
  { id: session, claims }: DeviceSigned<LateEntry>,
  { opening, device, practitioner }: Opening,
): void {
  const { time, organisation, record, version, patient } = claims;
  const asker = { session: digest(session), until: time, organisation, device, practitioner };
  const about = { item: 0, asker: 0, record, version, patient, purpose: 'ETREAT' } as const;
  world.accesses.put(
    { time, late: true, askers: [asker], entries: [{ ...about, basis: 'break-glass', ground: opening }] },
    id,
  );
}
