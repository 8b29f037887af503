import type { Readable } from 'node:stream';
import { type ByteRange, prologueRange, sealedLength, sealedRangeOf } from '@chartkey/vocabulary';
import { giveBack } from '../give-back.ts';
import { contentName, sidecarName, unsettledName } from './names.ts';
import { MOST_NOTE_BYTES, openNote, sealNote } from './note.ts';
import { openSealed } from './opening.ts';
import type { PatientKeys } from './patient-keys.ts';
import { newAttempt, RecordFacts, removeAttempt, type SealedVersion, storeSealed } from './sealed-version.ts';
import type { ByteSource } from './segments.ts';
import { MOST_SIDECAR_BYTES, openSidecar } from './sidecar.ts';
import type { Store } from './store.ts';
import { type SweepRule, type Swept, sweep } from './sweep.ts';
import type { VaultKeys } from './vault-keys.ts';
import { type Anchor, VerifiedVersion } from './verified-version.ts';

/** Sealed contents up to one segment are read at once: a stream costs more than the bytes. */
const SMALL_BYTES = 65_536;

/** A version whose header and leaves match its anchor, with its key. */
export interface OpenedVersion {
  readonly version: VerifiedVersion;
  readonly dataKey: Buffer;
  /** the header under the data key, as it is stored: for a reader that no gateway on the way reads for */
  readonly sealedHeader: Uint8Array;
  /** where its sealed content lies, for `sealedRange` */
  readonly content: string;
}

/** What a vault stands on. */
export interface VaultParts {
  readonly network: string;
  readonly payloads: Store;
  readonly patientKeys: PatientKeys;
  readonly labelKeys: PatientKeys;
  readonly vaultKeys: VaultKeys;
}

/** One organisation's sealed records. Made by `openVault`. */
export class Vault {
  private readonly network: string;
  private readonly payloads: Store;
  private readonly patientKeys: PatientKeys;
  private readonly labelKeys: PatientKeys;
  private readonly vaultKeys: VaultKeys;
  private readonly busy = new Set<string>();

  constructor({ network, payloads, patientKeys, labelKeys, vaultKeys }: VaultParts) {
    this.network = network;
    this.payloads = payloads;
    this.patientKeys = patientKeys;
    this.labelKeys = labelKeys;
    this.vaultKeys = vaultKeys;
  }

  /**
   * Seals content as it streams by and makes it durable, to be anchored next. Afterwards call `settle`
   * when the anchor has committed, `discard` when it certainly never will, neither when that is not known.
   * A source that fails or ends early by throwing leaves nothing behind; its error is thrown on.
   * @throws VaultFull, VaultPathRefused, ZodError for facts that are none
   */
  async sealRecord(content: ByteSource, recordFacts: RecordFacts): Promise<SealedVersion> {
    const facts = RecordFacts.parse(recordFacts);
    const named = { record: facts.record, version: facts.version, attempt: newAttempt() };
    this.busy.add(named.attempt);
    try {
      await this.payloads.put(unsettledName(named.record, named.version, named.attempt), []);
      const patientKey = await this.patientKeys.obtain(facts.patient);
      const { network } = this;
      return await storeSealed(this.payloads, content, {
        ...facts,
        network,
        attempt: named.attempt,
        patientKey,
      });
    } catch (error) {
      // What cannot be removed now still bears its mark, so a sweep will.
      await removeAttempt(this.payloads, named).catch(() => {});
      throw error;
    } finally {
      this.busy.delete(named.attempt);
    }
  }

  /** The anchor has committed: the version stays. May run after the answer is sent; a sweep makes up for it. */
  async settle({ record, version, attempt }: SealedVersion): Promise<void> {
    await this.payloads.delete(unsettledName(record, version, attempt));
  }

  /** The version will never be anchored: all of it goes. */
  async discard(sealed: SealedVersion): Promise<void> {
    await removeAttempt(this.payloads, sealed);
  }

  /** Settles what an earlier process left. To be called at start and once more after `youngest` has passed. */
  async sweep(rule: SweepRule): Promise<Swept> {
    // An upload that could not be taken back when it failed costs room, in S3 for ever.
    await this.payloads.discardUnfinished();
    return sweep(this.payloads, rule, this.busy);
  }

  /**
   * Opens an anchored version: key, header and leaves, checked against the anchor.
   * @throws NotInVault when the version or the patient's key is not here; Tampered
   */
  async openVersion(anchor: Anchor): Promise<OpenedVersion> {
    const { record, version, patient, commitment } = anchor;
    const named = { ...anchor, network: this.network };
    const [bytes, patientKey] = await Promise.all([
      this.payloads.read(sidecarName(record, version, commitment), MOST_SIDECAR_BYTES),
      this.patientKeys.require(patient),
    ]);
    const { attempt, dataKey, header, sealedHeader, leaves } = openSidecar(bytes, patientKey, named);
    const verified = await VerifiedVersion.verify(header, leaves, named);
    return { version: verified, dataKey, sealedHeader, content: contentName(record, version, attempt) };
  }

  /**
   * Sealed bytes as they are stored, all or a range of the sealed stream (`sealedRangeOf`, `sealedLength`),
   * for another gateway. Not checked here: the receiver does. The stream is read to its end or destroyed.
   * @throws NotInVault
   */
  async sealedRange({ content }: Pick<OpenedVersion, 'content'>, range?: ByteRange): Promise<Readable> {
    return this.payloads.get(content, range);
  }

  /** All sealed bytes of a version of one segment, not checked as above; undefined for a longer one. @throws NotInVault */
  async smallSealed({ version, content }: OpenedVersion): Promise<Buffer | undefined> {
    if (sealedLength(version.header.length) > SMALL_BYTES) return undefined;
    return this.payloads.read(content, SMALL_BYTES);
  }

  /**
   * The content, all or a range, each segment checked before it goes on.
   * @throws Tampered, NotInVault, RangeError for a range outside the content
   */
  async *content(opened: OpenedVersion, range?: ByteRange): AsyncGenerator<Buffer> {
    const { version, dataKey } = opened;
    const small = await this.smallSealed(opened);
    if (small) {
      yield* openSealed([small], { version, dataKey, range });
      return;
    }
    const needed = sealedRangeOf(version.header.length, range);
    const prologue =
      needed.start > 0 ? await bytesOf(await this.sealedRange(opened, prologueRange)) : undefined;
    yield* openSealed(givingBack(await this.sealedRange(opened, needed)), {
      version,
      dataKey,
      range,
      prologue,
    });
  }

  readonly mostNoteBytes = MOST_NOTE_BYTES;

  /** Seals a few words about a patient; `note` is what they are found by. */
  async sealNote(words: string, patient: string, note: string): Promise<Buffer> {
    const { network } = this;
    return sealNote(words, await this.patientKeys.obtain(patient), { network, patient, note });
  }

  /** @throws NotInVault when the patient's key is not here (any more); Tampered */
  async openNote(sealed: Buffer, patient: string, note: string): Promise<string> {
    const { network } = this;
    return openNote(sealed, await this.patientKeys.require(patient), { network, patient, note });
  }

  /** The key of a patient's labels here. @throws NotInVault when none was kept (any more); Tampered */
  async labelKey(patient: string): Promise<Buffer> {
    return this.labelKeys.require(patient);
  }

  /** Keeps the key of a patient's labels, and gives the one that is kept: the first stays. @throws VaultFull */
  async keepLabelKey(patient: string, key: Buffer): Promise<Buffer> {
    return this.labelKeys.obtain(patient, () => key);
  }

  /** Erases the patient's keys: every version of the patient's here becomes unreadable. False: there was none. */
  async forgetPatient(patient: string): Promise<boolean> {
    await this.labelKeys.forget(patient);
    return this.patientKeys.forget(patient);
  }

  /** Adds a vault key epoch and gives its number; each patient's key is wrapped anew at its next use. */
  async rotateVaultKey(): Promise<number> {
    return this.vaultKeys.rotate();
  }

  /** Writes and removes an object, for the readiness check. @throws VaultFull or what the store says */
  async checkWritable(): Promise<void> {
    await this.payloads.put('probe', []);
    await this.payloads.delete('probe');
  }
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

/** A stream that nobody else reads, whose chunks are valid until the next one is asked for. */
function givingBack(stream: Readable): AsyncIterableIterator<Uint8Array> {
  const chunks = stream.iterator() as AsyncIterator<Uint8Array>;
  let chunk: Uint8Array | undefined;
  return {
    async next() {
      if (chunk) giveBack(chunk);
      const step = await chunks.next();
      chunk = step.done ? undefined : step.value;
      return step;
    },
    async return() {
      // An iterator that was never asked for a chunk would leave the file open.
      stream.destroy();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
