// The words of the project: shapes, ids, failures. Everything else speaks them.
export * from './assertion.ts';
export * from './base64url.ts';
export * from './canonical.ts';
export * from './digest.ts';
export * from './emergency.ts';
export * from './failures.ts';
export * from './genesis.ts';
export * from './ids.ts';
export * from './jws.ts';
export * from './keys.ts';
export * from './ledger.ts';
export * from './record.ts';
export * from './rest.ts';
export * from './standing.ts';
export * from './statement.ts';
export * from './words.ts';
export * from './world.ts';
