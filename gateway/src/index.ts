// What the demo network and tests reach a ledger with; a gateway itself is started by main.ts.
export { type Config, ConfigError, helpText, readConfig } from './config.ts';
export { connectLedger } from './ledger/connect.ts';
export type { Ledger } from './ledger/ledger.ts';
export { readLedgerOptions } from './pinned.ts';
// What benchmarks measure beside bare cryptography.
export { wrapDataKey } from './release/key-wrapping.ts';
