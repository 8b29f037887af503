// Two projects: what runs by itself, and what runs against the demo consortium, started once for all of it.
// With LEDGER=fabric one more, for what only Fabric's own programs can show.
const swc = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};
const project = (displayName, suites, more) => ({
  displayName,
  rootDir: __dirname,
  testMatch: suites.map((suite) => `<rootDir>/test/${suite}/**/*.test.ts`),
  testEnvironment: 'node',
  transform: { '\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^@chartkey/rules/node$': '<rootDir>/chaincode/rules/src/node.ts',
    '^@chartkey/chaincode/code-digest$': '<rootDir>/chaincode/src/code-digest.ts',
    '^@chartkey/(vocabulary|rules)$': '<rootDir>/chaincode/$1/src/index.ts',
    '^@chartkey/(client|gateway|chaincode)$': '<rootDir>/$1/src/index.ts',
    '^@chartkey/network$': '<rootDir>/network/index.ts',
  },
  modulePathIgnorePatterns: ['/dist/'],
  ...more,
});

module.exports = {
  maxWorkers: 2,
  testTimeout: 60_000,
  projects: [
    project('alone', ['unit', 'golden', 'http', 'conformance', 'faults']),
    project('consortium', ['transactions', 'journeys', 'invariants'], {
      globalSetup: '<rootDir>/test/support/start-consortium.ts',
      globalTeardown: '<rootDir>/test/support/stop-consortium.ts',
    }),
    ...(process.env.LEDGER === 'fabric' ? [project('native', ['native'], {})] : []),
  ],
};
