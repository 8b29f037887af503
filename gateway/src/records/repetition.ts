import { createHash } from 'node:crypto';
import {
  canonicalJson,
  Failure,
  type RecordFacts,
  type RecordHeader,
  type StoredRecord,
} from '@chartkey/vocabulary';
import type { Vault } from '../vault/index.ts';
import { fromVault } from './from-vault.ts';

export interface Stored {
  stored: StoredRecord;
  repeated: boolean;
}

/** An upload whose Idempotency-Key has stored a version before: its content must be the stored one. */
export class Repetition {
  constructor(private readonly vault: Pick<Vault, 'openVersion'>) {}

  /**
   * Reads the content through, and answers what was stored if it is the same.
   * @param again.patient as named by the request, where it names one; with its labels
   * @throws Failure IDEMPOTENCY_MISMATCH; INTEGRITY_BROKEN; what the body's stream fails with
   */
  async compare(
    standing: RecordFacts,
    version: number,
    again: { mediaType: string; content: AsyncIterable<Uint8Array>; patient?: string; labels?: string[] },
  ): Promise<Stored> {
    const { mediaType, content, patient = standing.patient, labels = standing.labels } = again;
    const header = await this.headerOf(standing, version);
    const isSameRecord = patient === standing.patient && hasLabels(standing, labels);
    if (!isSameRecord || mediaType !== header.mediaType) throw mismatch();
    if ((await digestOf(content)) !== header.sha256) throw mismatch();
    return storedAs(standing, version);
  }

  /** The same for content that was sealed before the first one showed up. */
  async match(
    standing: RecordFacts,
    version: number,
    again: Pick<RecordHeader, 'mediaType' | 'sha256' | 'patient' | 'labels'>,
  ): Promise<Stored> {
    const { mediaType, sha256, patient } = await this.headerOf(standing, version);
    const same = sha256 === again.sha256 && mediaType === again.mediaType && patient === again.patient;
    if (!same || !hasLabels(standing, again.labels)) throw mismatch();
    return storedAs(standing, version);
  }

  private async headerOf(standing: RecordFacts, version: number): Promise<RecordHeader> {
    const { record, patient } = standing;
    const { commitment } = versionIn(standing, version);
    const anchor = { record, version, patient, commitment };
    const opened = await fromVault(() => this.vault.openVersion(anchor));
    opened.dataKey.fill(0);
    return opened.version.header;
  }
}

const hasLabels = (standing: RecordFacts, labels: readonly string[]) =>
  canonicalJson(standing.labels) === canonicalJson(labels);

function storedAs(standing: RecordFacts, version: number): Stored {
  const { record, patient, custodian } = standing;
  const { transaction, committedAt } = versionIn(standing, version);
  return { stored: { record, version, patient, custodian, transaction, committedAt }, repeated: true };
}

function versionIn({ versions }: RecordFacts, version: number) {
  const found = versions.find((one) => one.version === version);
  if (!found) throw new Failure('RECORD_UNKNOWN');
  return found;
}

const mismatch = () => new Failure('IDEMPOTENCY_MISMATCH');

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('base64url');
}
