// The vault's public words: everything else in this folder is its own business.

export {
  type ByteRange,
  PROLOGUE_BYTES,
  prologueRange,
  sealedLength,
  sealedRangeOf,
} from '@chartkey/vocabulary';
export * from './failures.ts';
export { openVault } from './open-vault.ts';
export { openSealed } from './opening.ts';
export type { SealedVersion } from './sealed-version.ts';
export type { Store } from './store.ts';
export { openFileStore } from './store-file.ts';
export type { Swept } from './sweep.ts';
export type { OpenedVersion, Vault } from './vault.ts';
export { refuseVaultKeyInside } from './vault-keys.ts';
export { type Anchor, VerifiedVersion } from './verified-version.ts';
