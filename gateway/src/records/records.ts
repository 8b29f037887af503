import {
  Failure,
  instantAt,
  type Kind,
  type RecordAnchor,
  type RecordFacts,
  type RecordHeader,
  recordIdFor,
  transactions,
} from '@chartkey/vocabulary';
import type { Caller, NewRecord, Upload } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RetryKeys } from '../retry-keys.ts';
import type { SealedVersion, Swept, Vault } from '../vault/index.ts';
import { type Anchored, Anchoring } from './anchoring.ts';
import { Authority, requireCustodian } from './authority.ts';
import { fromVault } from './from-vault.ts';
import type { Labels } from './labels.ts';
import { findRecord, requireRecord, versionAmong } from './ledger-record.ts';
import { type Keeping, OwnRecords } from './own-records.ts';
import { Repetition, type Stored } from './repetition.ts';
import type { RetryNotes } from './retry-notes.ts';
import { Turns } from './turns.ts';

/** Milliseconds after which a sealed version that the ledger does not hold is not waited for any longer. */
export const UNANCHORED = 600_000;

export interface RecordsParts {
  ledger: Ledger;
  vault: Vault;
  /** whose gateway this is: the custodian of what is stored here */
  organisation: { id: string; kind: Kind };
  retryKeys: RetryKeys;
  notes: RetryNotes;
  labels: Pick<Labels, 'of'>;
  /** what patients record for themselves */
  keeping: Keeping;
  now?: () => number;
}

/** Stores records and their versions, and tells their anchors. */
export class Records {
  private readonly own: OwnRecords;
  private readonly authority: Authority;
  private readonly anchoring: Anchoring;
  private readonly repetition: Repetition;
  private readonly turns = new Turns();

  constructor(private readonly parts: RecordsParts) {
    const { ledger, organisation, keeping, now = Date.now } = parts;
    this.own = new OwnRecords({ ledger, organisation, keeping, now });
    this.authority = new Authority({ ledger, organisation, own: this.own, now });
    this.anchoring = new Anchoring(parts.ledger, parts.vault);
    this.repetition = new Repetition(parts.vault);
  }

  /**
   * Stores a new record. The same device's or person's same Idempotency-Key finds the first upload.
   * @throws Failure why the caller may not record, before a byte is read; IDEMPOTENCY_MISMATCH, VAULT_FULL,
   * what the body's stream fails with, OUTCOME_UNKNOWN {transaction}, or the ledger's
   */
  async storeRecord(upload: NewRecord): Promise<Stored> {
    const { caller, idempotencyKey, patient, mediaType, sensitivities = [], corrects } = upload;
    const author = this.authority.recorderOf(caller);
    if (corrects && caller.session.subject !== 'patient') throw new Failure('PATIENTS_ONLY');
    const record = recordIdFor(author, this.parts.retryKeys.of('upload', idempotencyKey));
    return this.turns.take(record, async () => {
      const standing = await findRecord(this.parts.ledger, record);
      const labels = await this.parts.labels.of(patient, sensitivities);
      if (standing) return this.repetition.compare(standing, 1, { ...upload, labels });
      await this.authority.requireRecorder(caller, patient, { record, labels, madeAt: this.now() });
      const facts = { patient, author, record, version: 1, mediaType, labels };
      const sealed = await this.seal(upload, facts);
      const { commitment } = sealed;
      const more = { ...(labels.length > 0 && { labels }), ...(corrects && { corrects }) };
      const input = { session: caller.session.session, record, patient, commitment, ...more };
      try {
        return stored(sealed.header, await this.anchoring.anchor(sealed, transactions.anchorRecord, input));
      } catch (error) {
        if (!isFailure(error, 'RECORD_EXISTS')) throw error;
        // an earlier attempt, whose outcome was unknown, has come about meanwhile
        return this.repetition.match(await requireRecord(this.parts.ledger, record), 1, sealed.header);
      }
    });
  }

  /**
   * Stores the next version of a record. A retry is recognised before If-Match is looked at.
   * @throws Failure RECORD_UNKNOWN, NOT_CUSTODIAN {custodian}, IF_MATCH_REQUIRED, VERSION_CONFLICT {newest},
   * and what `storeRecord` throws
   */
  async storeVersion(upload: Upload & { record: string; replaces: number | undefined }): Promise<Stored> {
    const { caller, idempotencyKey, record, replaces, mediaType } = upload;
    const author = this.authority.recorderOf(caller);
    const retryKey = this.parts.retryKeys.of('version', `${author} ${record} ${idempotencyKey}`);
    return this.turns.take(`${record} ${retryKey}`, async () => {
      const standing = await requireRecord(this.parts.ledger, record);
      requireCustodian(this.parts.organisation, standing);
      await this.requireAdding(caller, standing);
      const earlier = await this.earlier(standing, retryKey);
      if (earlier) return this.repetition.compare(standing, earlier.version, upload);
      if (replaces === undefined) throw new Failure('IF_MATCH_REQUIRED');
      if (replaces !== standing.newest) throw conflict(standing);
      const { patient, labels } = standing;
      await this.authority.requireRecorder(caller, patient, standing);
      const version = standing.newest + 1;
      const facts = { patient, author, record, version, mediaType, labels };
      const sealed = await this.seal(upload, facts);
      return this.addVersion(caller, sealed, retryKey);
    });
  }

  /** Who may add a version may know of the record. @throws Failure as `Authority` says */
  private async requireAdding(caller: Caller, standing: RecordFacts): Promise<void> {
    this.authority.requireAuthorship(caller, standing);
    if (caller.session.subject === 'device') return this.authority.requireReader(caller, standing);
    return this.authority.requireRecorder(caller, standing.patient, standing);
  }

  /** @throws Failure RECORD_UNKNOWN, NOT_YOURS, CARE_MEMBERS_ONLY */
  async anchorOf(caller: Caller, id: string): Promise<RecordAnchor> {
    const facts = await requireRecord(this.parts.ledger, id);
    await this.authority.requireReader(caller, facts);
    const { newest: _newest, madeAt: _madeAt, ...anchor } = facts;
    return anchor;
  }

  /** Settles what an earlier process left in the vault: what the ledger holds stays, the rest goes. */
  async sweep(youngest = UNANCHORED): Promise<Swept> {
    return this.parts.vault.sweep({
      youngest,
      isAnchored: async (record, version, commitment) => {
        if (this.anchoring.isUnderway(commitment)) return true;
        const facts = await findRecord(this.parts.ledger, record);
        return (
          facts?.versions.some((one) => one.version === version && one.commitment === commitment) === true
        );
      },
    });
  }

  private now(): string {
    return instantAt((this.parts.now ?? Date.now)());
  }

  private async addVersion(caller: Caller, sealed: SealedVersion, retryKey: string): Promise<Stored> {
    const { record, version, commitment, header } = sealed;
    const input = { session: caller.session.session, record, version, commitment };
    try {
      await fromVault(() => this.parts.notes.add(record, retryKey, { version, commitment }));
    } catch (error) {
      await this.parts.vault.discard(sealed).catch(() => undefined);
      throw error;
    }
    try {
      return stored(header, await this.anchoring.anchor(sealed, transactions.addVersion, input));
    } catch (error) {
      if (!isFailure(error, 'VERSION_CONFLICT')) throw error;
      const standing = await requireRecord(this.parts.ledger, record);
      const earlier = await this.earlier(standing, retryKey);
      if (earlier) return this.repetition.match(standing, earlier.version, header);
      throw conflict(standing);
    }
  }

  private async seal(
    { caller, content }: Upload,
    facts: Pick<RecordHeader, 'patient' | 'author' | 'record' | 'version' | 'mediaType' | 'labels'>,
  ): Promise<SealedVersion> {
    const custodian = this.parts.organisation.id;
    const isOwn = caller.session.subject === 'patient';
    const counted = isOwn ? this.own.metered(facts.patient, content) : content;
    return fromVault(() => this.parts.vault.sealRecord(counted, { ...facts, custodian }));
  }

  /** The version that this retry key brought about, if one of its attempts did. */
  private async earlier(standing: RecordFacts, retryKey: string) {
    return versionAmong(
      standing,
      await fromVault(() => this.parts.notes.attempts(standing.record, retryKey)),
    );
  }
}

function stored({ record, version, patient, custodian }: RecordHeader, anchored: Anchored): Stored {
  const { transaction, committedAt } = anchored;
  return { stored: { record, version, patient, custodian, transaction, committedAt }, repeated: false };
}

const conflict = ({ newest }: RecordFacts) => new Failure('VERSION_CONFLICT', { newest });

function isFailure(error: unknown, code: Failure['code']): boolean {
  return error instanceof Failure && error.code === code;
}
