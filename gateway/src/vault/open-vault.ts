import { VaultKeyRefused } from './failures.ts';
import { PatientKeys } from './patient-keys.ts';
import type { Store } from './store.ts';
import { openFileStore } from './store-file.ts';
import { Vault } from './vault.ts';
import { openVaultKeys } from './vault-keys.ts';

/** What a vault stands on. Keys are always files, apart from the payloads and their backups. */
export interface VaultPlaces {
  /** the network whose id is bound to every byte */
  readonly network: string;
  /** where payloads and sidecars lie */
  readonly payloads: Store;
  /** the organisation's vault keys: outside of the data folder but for a demo (`refuseVaultKeyInside`) */
  readonly keyFolder: string;
  /** patients' keys, backed up apart from the payloads */
  readonly patientKeyFolder: string;
}

/**
 * Opens a vault, making its key folders and the first vault key, and clears away what puts of an earlier
 * process left unfinished. That key is made only where no patient's key waits for a lost one.
 * @throws VaultKeyRefused, VaultFull, and what the payloads' store throws
 */
export async function openVault(places: VaultPlaces): Promise<Vault> {
  const { network, payloads } = places;
  const vaultKeys = await openVaultKeys(places.keyFolder);
  const keyStore = await openFileStore(places.patientKeyFolder);
  // An unfinished patient key must go, too: it would outlive the patient's erasure.
  for (const store of [payloads, keyStore]) await store.discardUnfinished();
  const patientKeys = new PatientKeys(keyStore, vaultKeys, network);
  if (vaultKeys.epoch === 0) {
    if (!(await patientKeys.empty())) {
      throw new VaultKeyRefused(
        'patient keys are here but no vault key: restore the vault key folder from its backup',
      );
    }
    await vaultKeys.rotate();
  }
  const labelKeys = new PatientKeys(keyStore, vaultKeys, network, 'labels');
  return new Vault({ network, payloads, patientKeys, labelKeys, vaultKeys });
}
