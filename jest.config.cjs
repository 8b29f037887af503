// Projects: what runs by itself; what either ledger must answer alike; what runs against the demo consortium, started once for all of it; with npm run
// test:fabric what only Fabric's own programs can show; with npm run test:browser what must hold in a real browser; and,
// with npm run test:services, what runs on a real S3 server and a real PostgreSQL, the shared suites among it.
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

// These hold wherever payloads and index lie: on files and SQLite in `alone`, on the servers in `services`.
const shared = [
  ...['round-trip', 'sweep', 'tampering'].map((suite) => `unit/vault/${suite}`),
  'faults/crashes',
  ...['block-index', 'lists', 'access-lists', 'overdue-reviews'].map((suite) => `unit/projection/${suite}`),
  ...['event-log', 'listening'].map((suite) => `unit/events/${suite}`),
];

module.exports = {
  maxWorkers: 2,
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  projects: [
    project('alone', ['unit', 'golden', 'http', 'embedded', 'faults']),
    project('conformance', ['conformance']),
    project('containers', ['containers']),
    project('browser', ['browser']),
    project('consortium', ['transactions', 'journeys', 'invariants'], {
      globalSetup: '<rootDir>/test/support/start-consortium.ts',
      globalTeardown: '<rootDir>/test/support/stop-consortium.ts',
    }),
    project('fabric-steps', ['fabric-steps']),
    project('fabric-faults', ['fabric-faults']),
    project('services', [], {
      testMatch: ['services/**/*', ...shared].map((suite) => `<rootDir>/test/${suite}.test.ts`),
      globals: { onServices: true },
      globalSetup: '<rootDir>/test/support/start-services.ts',
      globalTeardown: '<rootDir>/test/support/stop-services.ts',
    }),
  ],
};
