// One configuration for every suite; folders under test/ are the suites.
const swc = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};
module.exports = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  transform: { '\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^@chartkey/rules/node$': '<rootDir>/chaincode/rules/src/node.ts',
    '^@chartkey/(vocabulary|rules)$': '<rootDir>/chaincode/$1/src/index.ts',
    '^@chartkey/(client|gateway|chaincode)$': '<rootDir>/$1/src/index.ts',
    '^@chartkey/network$': '<rootDir>/network/index.ts',
  },
  modulePathIgnorePatterns: ['/dist/'],
  maxWorkers: 2,
  testTimeout: 60000,
};
