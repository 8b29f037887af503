import { type AccessDecision, decideAccess, isTreatingCustodian } from '@chartkey/rules';
import {
  type AccessesState,
  type AccessItem,
  type AccessOutcome,
  canonicalJson,
  type Device,
  digest,
  Failure,
  type FailureCode,
  type Genesis,
  type Grant,
  instantAt,
  type RecordState,
  type Session,
} from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

interface Known {
  session: Session;
  device: Device;
  genesis: Genesis;
}

/** What is asked for, as far as the ledger knows it. */
type Target =
  | { patient: string; record: RecordState; version: number }
  | { patient: string; isCustodian: boolean };

const refused = (code: FailureCode): AccessOutcome => ({ is: 'refused', code });

/** The entries of one transaction: decided one after the other, written in one value. */
export class Entries {
  private readonly askers: AccessesState['askers'] = [];
  private readonly entries: AccessesState['entries'] = [];

  constructor(private readonly tx: RecordsTransaction) {}

  /**
   * Decides an item and notes its entry. Nothing is noted where there is nobody or nothing to note.
   * @throws Failure SESSION_FOREIGN: the whole transaction is refused, since no person asked
   */
  async decide(number: number, item: AccessItem): Promise<AccessOutcome> {
    const { world, caller } = this.tx;
    const session = await world.sessions.find(item.session);
    if (!session) return refused('SESSION_UNKNOWN');
    if (session.startedBy !== caller) throw new Failure('SESSION_FOREIGN');
    if (session.subject !== 'device') return refused('END_TO_END_ONLY');
    const device = await world.devices.require(session.id);
    const { genesis } = await this.tx.network();
    if (item.kind === 'list') return this.list(number, item, { session, device, genesis });
    return this.read(number, item, { session, device, genesis });
  }

  private async read(
    number: number,
    item: Extract<AccessItem, { kind: 'read' }>,
    known: Known,
  ): Promise<AccessOutcome> {
    const { world } = this.tx;
    const { session, record: id, retryKey, purpose } = item;
    const fingerprint = digest(canonicalJson({ record: id, version: item.version ?? 0, purpose }));
    if (retryKey !== undefined) {
      const first = await world.requests.find(session, retryKey);
      if (first) {
        if (first.fingerprint !== fingerprint) return refused('IDEMPOTENCY_MISMATCH');
        return { is: 'repeated', access: first.access };
      }
    }
    const record = await world.records.find(id);
    const version = item.version ?? record?.newest ?? 0;
    if (!record || version > record.newest) return refused('RECORD_UNKNOWN');
    const outcome = await this.note(number, item, known, { patient: record.patient, record, version });
    if (retryKey !== undefined) {
      world.requests.put({ fingerprint, access: `${this.tx.id}:${number}` }, session, retryKey);
    }
    return outcome.is === 'granted' ? { ...outcome, version } : outcome;
  }

  private async list(
    number: number,
    item: Extract<AccessItem, { kind: 'list' }>,
    known: Known,
  ): Promise<AccessOutcome> {
    const { world } = this.tx;
    const { patient } = item;
    if (!(await world.patients.find(patient))) return refused('PATIENT_UNKNOWN');
    const isCustodian = (await world.custody.find(patient, known.device.organisation)) !== undefined;
    return this.note(number, item, known, { patient, isCustodian });
  }

  private async note(number: number, item: AccessItem, known: Known, target: Target): Promise<AccessOutcome> {
    const { patient } = target;
    const organisation = known.device.organisation;
    const asked = { item, ...known, ...target };
    const standing = isTreatingCustodian(asked) ? [] : await this.tx.world.grantsOf(patient, organisation);
    const decision = decideAccess({ ...asked, grants: standing, time: this.tx.time });
    if (decision.is === 'granted' && decision.grant)
      this.countUse(patient, organisation, standing, decision.grant);
    this.entries.push({
      item: number,
      asker: this.askerOf(known),
      ...('record' in target && { record: target.record.record, version: target.version }),
      patient,
      purpose: item.purpose,
      ...wordsOf(decision),
    });
    return decision.is === 'granted' ? { is: 'granted', basis: decision.basis } : decision;
  }

  private countUse(patient: string, organisation: string, standing: readonly Grant[], used: Grant): void {
    if (used.maxUses === undefined) return;
    const grants = standing.map((one) => (one === used ? { ...one, uses: one.uses + 1 } : one));
    this.tx.world.grants.put({ grants }, patient, organisation);
  }

  /** Position of a session among the askers, so that neighbours of one session name it once. */
  private askerOf({ session, device }: Known): number {
    const found = this.askers.findIndex((asker) => asker.session === session.session);
    if (found >= 0) return found;
    const { practitioner, role, until } = session;
    if (practitioner === undefined || role === undefined) throw new Failure('SESSION_UNKNOWN');
    const { organisation, device: id } = device;
    return (
      this.askers.push({ session: session.session, until, organisation, device: id, practitioner, role }) - 1
    );
  }

  /** Writes the entries, if there are any. */
  save(): void {
    if (this.entries.length === 0) return;
    const { time, world, id } = this.tx;
    world.accesses.put({ time: instantAt(time), askers: this.askers, entries: this.entries }, id);
  }
}

function wordsOf(decision: AccessDecision): Partial<AccessesState['entries'][number]> {
  if (decision.is === 'denied') return { code: decision.code };
  return { basis: decision.basis, ...(decision.grant && { grant: decision.grant.grant }) };
}
