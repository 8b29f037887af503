export * from './consortium.ts';
export { ConsortiumRun, type RunOptions } from './demo/consortium-run.ts';
export {
  type DemoCredentials,
  type DemoOrganisation,
  type Founding,
  foundingFiles,
} from './demo/founding.ts';
export { type Sample, samplesIn } from './demo/samples.ts';
export { type ChaincodeTls, type Ledger, type LedgerOptions, startLedger } from './embedded/ledger.ts';
export { FabricUnderneath } from './fabric/fabric-underneath.ts';
export { findPrograms } from './fabric/programs.ts';
export {
  type CredentialFiles,
  type IdentityFiles,
  identityFiles,
  makeIdentities,
  type OrganisationFiles,
} from './identities.ts';
export { connectTo, type LedgerAccess, ledgerAccess } from './ledger-access.ts';
