// Pure decisions and checks: the same law in chaincode, gateway and client. No clock, no ledger, no crypto of its own.
export * from './access.ts';
export * from './assertion.ts';
export * from './coverage.ts';
export * from './device.ts';
export * from './enrolment.ts';
export * from './genesis.ts';
export * from './grants.ts';
export * from './release.ts';
export * from './signature.ts';
export * from './statement.ts';
