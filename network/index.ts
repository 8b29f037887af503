export * from './consortium.ts';
export { type ChaincodeTls, type Ledger, type LedgerOptions, startLedger } from './embedded/ledger.ts';
export {
  type CredentialFiles,
  type IdentityFiles,
  identityFiles,
  makeIdentities,
  type OrganisationFiles,
} from './identities.ts';
