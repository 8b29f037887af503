import {
  type AccessDecision,
  checkRequestProof,
  decideAccess,
  decidePersonsAccess,
  isTreatingCustodian,
  requestId,
} from '@chartkey/rules';
import {
  type AccessesState,
  type AccessItem,
  type AccessOutcome,
  canonicalJson,
  digest,
  Failure,
  type FailureCode,
  instantAt,
  type KeptEntry,
  type RecordState,
  writtenEntries,
} from '@chartkey/vocabulary';
import { type Asking, askingOf } from './asking.ts';
import { countUse } from './count-use.ts';
import { emergencyFacts } from './emergency-facts.ts';
import type { RecordsTransaction } from './transaction.ts';

/** What is asked for, as far as the ledger knows it. */
type Target =
  | { patient: string; record: RecordState; version: number }
  | { patient: string; isCustodian: boolean };

const refused = (code: FailureCode): AccessOutcome => ({ is: 'refused', code });

/** The entries of one transaction: decided one after the other, written in one value. */
export class Entries {
  private readonly askers: AccessesState['askers'] = [];
  private readonly entries: KeptEntry[] = [];

  constructor(private readonly tx: RecordsTransaction) {}

  /**
   * Decides an item and notes its entry. Nothing is noted where there is nobody or nothing to note.
   * @throws Failure SESSION_FOREIGN: the whole transaction is refused, since no person asked
   */
  async decide(number: number, item: AccessItem): Promise<AccessOutcome> {
    const asking = await askingOf(this.tx, item.session);
    if (!asking) return refused('SESSION_UNKNOWN');
    if (item.kind === 'list') return this.list(number, item, asking);
    return this.read(number, item, asking);
  }

  private async read(
    number: number,
    item: Extract<AccessItem, { kind: 'read' }>,
    asking: Asking,
  ): Promise<AccessOutcome> {
    const { world } = this.tx;
    const { record: id, purpose, request } = item;
    if ('person' in asking && request === undefined) return refused('END_TO_END_ONLY');
    const signed = request === undefined ? undefined : requestId(request);
    const asked = {
      record: id,
      version: item.version ?? 0,
      purpose,
      ...(signed !== undefined && { signed }),
    };
    const fingerprint = digest(canonicalJson(asked));
    // A signed request works once: asked again, it finds the access that it made.
    const retryKey = signed ?? item.retryKey;
    if (retryKey !== undefined) {
      const first = await world.requests.find(item.session, retryKey);
      if (first) {
        if (first.fingerprint !== fingerprint) return refused('IDEMPOTENCY_MISMATCH');
        return { is: 'repeated', access: first.access };
      }
    }
    const record = await world.records.find(id);
    const version = item.version ?? record?.newest ?? 0;
    if (!record || version > record.newest) return refused('RECORD_UNKNOWN');
    const { key } = asking;
    // A key that was revoked meanwhile signs nothing any more: that is decided, and noted, below.
    if (request !== undefined && key) {
      try {
        const { network } = await this.tx.network();
        checkRequestProof(request, { item, key, network, time: this.tx.time, checks: this.tx.checks });
      } catch (error) {
        if (error instanceof Failure) return refused(error.code);
        throw error;
      }
    }
    const target = { patient: record.patient, record, version };
    const outcome = await this.note(number, item, asking, target);
    if (retryKey !== undefined) {
      world.requests.put({ fingerprint, access: `${this.tx.id}:${number}` }, item.session, retryKey);
    }
    return outcome.is === 'granted' ? { ...outcome, version } : outcome;
  }

  private async list(
    number: number,
    item: Extract<AccessItem, { kind: 'list' }>,
    asking: Asking,
  ): Promise<AccessOutcome> {
    const { world } = this.tx;
    const { patient } = item;
    // A person's own list is no access: the gateway shows it.
    if ('person' in asking) return refused('END_TO_END_ONLY');
    if (!(await world.patients.find(patient))) return refused('PATIENT_UNKNOWN');
    const isCustodian = (await world.custody.find(patient, asking.device.organisation)) !== undefined;
    return this.note(number, item, asking, { patient, isCustodian });
  }

  private async note(
    number: number,
    item: AccessItem,
    asking: Asking,
    target: Target,
  ): Promise<AccessOutcome> {
    const decision = await this.decision(item, asking, target);
    const isEndToEnd = item.kind === 'read' && item.request !== undefined;
    this.entries.push({
      item: number,
      asker: this.askerOf(asking),
      ...('record' in target && { record: target.record.record, version: target.version }),
      patient: target.patient,
      purpose: item.purpose,
      ...wordsOf(decision),
      ...(isEndToEnd && { recipient: asking.keyId }),
    });
    if (decision.is === 'granted') return { is: 'granted', basis: decision.basis };
    return { is: 'denied', code: decision.code };
  }

  private async decision(item: AccessItem, asking: Asking, target: Target): Promise<AccessDecision> {
    const { world, time } = this.tx;
    const { session } = asking;
    const { patient } = target;
    if ('person' in asking) {
      if (!('record' in target)) throw new Failure('END_TO_END_ONLY');
      const standing = await world.patients.require(patient);
      const { record } = target;
      return decidePersonsAccess({ item, session, reader: asking.person, standing, record, time });
    }
    const { device, genesis } = asking;
    const isProven = item.kind === 'read' && item.request !== undefined;
    const asked = { item, session, device, genesis, isProven, time, ...target };
    if (isTreatingCustodian(asked)) return decideAccess({ ...asked, relation: { grants: [] } });
    const { organisation } = device;
    const standing = await world.patients.require(patient);
    const relation = await world.relationOf(patient, organisation);
    const emergency =
      item.purpose === 'ETREAT' ? await emergencyFacts(this.tx, patient, organisation, asking.named) : {};
    const decision = decideAccess({ ...asked, standing, relation, ...emergency });
    if (decision.is === 'granted' && decision.grant) {
      countUse(this.tx, standing, organisation, relation, decision.grant);
    }
    return decision;
  }

  /** Position of a session among the askers, so that neighbours of one session name it once. */
  private askerOf(asking: Asking): number {
    const { session, until } = asking.session;
    const found = this.askers.findIndex((asker) => asker.session === session);
    if (found >= 0) return found;
    return this.askers.push({ session, until, ...asking.named }) - 1;
  }

  /** Writes the entries, if there are any. */
  save(): void {
    if (this.entries.length === 0) return;
    const { time, world, id } = this.tx;
    world.accesses.put(
      { time: instantAt(time), askers: this.askers, entries: writtenEntries(this.entries) },
      id,
    );
  }
}

function wordsOf(decision: AccessDecision): Partial<KeptEntry> {
  const ground = decision.ground === undefined ? {} : { ground: decision.ground };
  if (decision.is === 'denied') return { code: decision.code, ...ground };
  return { basis: decision.basis, ...(decision.grant && { grant: decision.grant.grant }), ...ground };
}
