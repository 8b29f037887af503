import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { parseStored, StoredBytes, storedText } from './canonical-file.ts';
import { AlreadyInVault, NotInVault } from './failures.ts';
import { KEY_BYTES } from './key-wrap.ts';
import { labelKeyName, patientKeyName } from './names.ts';
import type { Store } from './store.ts';
import type { VaultKeys } from './vault-keys.ts';

const MOST_BYTES = 1024;
const StoredKey = z.strictObject({
  format: z.literal('chartkey-patient-key/1'),
  epoch: z.int().min(1),
  key: StoredBytes,
});

/** What a patient's key is for: to lock its data keys, or to make its labels here. */
type Purpose = 'patient' | 'labels';

/**
 * One key per patient, wrapped by the vault key, in a store apart from the payloads and their backups.
 * Nothing is cached: a forgotten key is gone at once.
 */
export class PatientKeys {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: Store,
    private readonly vaultKeys: VaultKeys,
    private readonly network: string,
    private readonly purpose: Purpose = 'patient',
  ) {}

  /** The patient's key. @throws NotInVault when there is none (any more); Tampered */
  async require(patient: string): Promise<Buffer> {
    const { epoch, key } = await this.read(patient);
    // A key that could not be wrapped anew (a full disk, say) still reads; its next use tries again.
    if (epoch < this.vaultKeys.epoch) await this.inTurn(patient, () => this.renew(patient)).catch(() => {});
    return key;
  }

  /** The patient's key, `made` at the first call; calls at one time give one key. */
  async obtain(patient: string, made: () => Buffer = () => randomBytes(KEY_BYTES)): Promise<Buffer> {
    try {
      return await this.require(patient);
    } catch (error) {
      if (!(error instanceof NotInVault)) throw error;
    }
    return this.inTurn(patient, () => this.create(patient, made()));
  }

  /** Erases the patient's key for good: what it locked stays unreadable. False when there was none. */
  async forget(patient: string): Promise<boolean> {
    const name = this.nameOf(patient);
    return this.inTurn(patient, async () => {
      const there = await this.store.exists(name);
      await this.store.delete(name);
      return there;
    });
  }

  /** True when no patient has a key yet. */
  async empty(): Promise<boolean> {
    for await (const _ of this.store.list('')) return false;
    return true;
  }

  private async create(patient: string, key: Buffer): Promise<Buffer> {
    try {
      await this.write(patient, key, true);
      return key;
    } catch (error) {
      if (!(error instanceof AlreadyInVault)) throw error;
      return (await this.read(patient)).key;
    }
  }

  /** Wraps the key under the newest epoch; reads it again, since it may have been forgotten meanwhile. */
  private async renew(patient: string): Promise<void> {
    const { epoch, key } = await this.read(patient);
    if (epoch < this.vaultKeys.epoch) await this.write(patient, key, false);
  }

  private async write(patient: string, key: Buffer, ifAbsent: boolean): Promise<void> {
    const { epoch, wrapped } = await this.vaultKeys.wrap(key, this.context(patient));
    const stored = storedText({
      format: 'chartkey-patient-key/1',
      epoch,
      key: wrapped.toString('base64url'),
    });
    await this.store.put(this.nameOf(patient), [stored], { ifAbsent });
  }

  private async read(patient: string): Promise<{ epoch: number; key: Buffer }> {
    const bytes = await this.store.read(this.nameOf(patient), MOST_BYTES).catch((error: unknown) => {
      throw error instanceof NotInVault ? new NotInVault('key of this patient', { cause: error }) : error;
    });
    const { epoch, key } = parseStored(bytes, StoredKey, 'a patient key');
    return { epoch, key: await this.vaultKeys.unwrap(epoch, key, this.context(patient)) };
  }

  private nameOf(patient: string): string {
    return this.purpose === 'patient' ? patientKeyName(patient) : labelKeyName(patient);
  }

  private context(patient: string) {
    const { network, purpose } = this;
    return purpose === 'patient' ? { network, patient } : { network, patient, purpose };
  }

  /** One change of a patient's key at a time, so that renewing never brings a forgotten key back. */
  private async inTurn<Result>(patient: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.turns.get(patient) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.turns.set(patient, mine);
    try {
      return await mine;
    } finally {
      if (this.turns.get(patient) === mine) this.turns.delete(patient);
    }
  }
}
