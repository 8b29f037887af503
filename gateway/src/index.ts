// What the demo network and tests start gateways with.
export { type Config, ConfigError, helpText, readConfig } from './config.ts';
export { connectLedger } from './ledger/connect.ts';
export type { Ledger } from './ledger/ledger.ts';
export { readLedgerOptions } from './pinned.ts';
// What benchmarks measure beside bare cryptography.
export { wrapDataKey } from './release/key-wrapping.ts';
export { type RunningGateway, startGateway } from './start-gateway.ts';
