// The vault's public words: everything else in this folder is its own business.
export { commitmentOf, LEAF_BYTES, SegmentHashes } from './commitment.ts';
export * from './failures.ts';
export {
  type ByteRange,
  PROLOGUE_BYTES,
  prologueRange,
  sealedLength,
  sealedRangeOf,
  segmentCount,
} from './layout.ts';
export { type Opening, openSealed } from './opening.ts';
export type { RecordFacts, SealedVersion } from './sealed-version.ts';
export type { ByteSource } from './segments.ts';
export type { Store, StoredObject } from './store.ts';
export { openFileStore } from './store-file.ts';
export type { SweepRule, Swept } from './sweep.ts';
export {
  type OpenedVersion,
  openFileVault,
  openVault,
  type Vault,
  type VaultFolders,
  type VaultParts,
} from './vault.ts';
export { openVaultKeys, refuseVaultKeyInside, type VaultKeys } from './vault-keys.ts';
export { type Anchor, VerifiedVersion } from './verified-version.ts';
