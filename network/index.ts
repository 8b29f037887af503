export * from './consortium.ts';
export { ConsortiumRun, type RunOptions } from './demo/consortium-run.ts';
export { EmbeddedUnderneath } from './demo/embedded-underneath.ts';
export {
  type DemoCredentials,
  type DemoOrganisation,
  type Founding,
  foundingFiles,
} from './demo/founding.ts';
export { type ProcessOrder, type RunningProcess, startProcess, stopProcess } from './demo/processes.ts';
export { type Sample, samplesIn } from './demo/samples.ts';
export type { Underneath } from './demo/underneath.ts';
export { type ChaincodeTls, type Ledger, type LedgerOptions, startLedger } from './embedded/ledger.ts';
export { State, writeValue } from './embedded/state.ts';
export { FabricUnderneath } from './fabric/fabric-underneath.ts';
export { findPrograms } from './fabric/programs.ts';
export { makeIdentities } from './identities.ts';
export {
  type CredentialFiles,
  type IdentityFiles,
  identityFiles,
  type OrganisationFiles,
} from './identity-files.ts';
export { connectTo, type LedgerAccess, ledgerAccess } from './ledger-access.ts';
