// The walls of the house (circles are biome's noImportCycles, which tells type imports apart). `npm run check` runs this; test/lint/ holds one file that must be caught.
const outside = (names) => `node_modules/(${names.join('|')})(/|$)`;
const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    never('no-unknown', 'An import that resolves to nothing.', {}, { couldNotResolve: true }),
    never(
      'vocabulary-is-plain',
      'The words run everywhere: no node: imports, no other package of ours.',
      { path: '^chaincode/vocabulary/src' },
      { dependencyTypes: ['core'] },
    ),
    never(
      'vocabulary-imports-nothing-of-ours',
      'Everything speaks the words; the words depend on nothing.',
      { path: '^chaincode/vocabulary/src' },
      { path: '^(chaincode/(rules|src|dist)|gateway|client|network|test)/' },
    ),
    never(
      'rules-import-only-vocabulary',
      'Rules are pure; node.ts alone lends them node:crypto.',
      { path: '^chaincode/rules/src', pathNot: 'node\\.ts$' },
      {
        path: '^(chaincode/(src|dist)|gateway|client|network|test)/|^(node:)?crypto$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    never(
      'world-state-is-behind-the-transaction',
      'Contracts and what they are made of are the only callers of world-state.',
      { pathNot: '^chaincode/src/|^test/(unit|transactions|golden)/' },
      { path: '^chaincode/src/world-state/' },
    ),
    never(
      'gateway-and-client-see-vocabulary-and-rules-only',
      'The chaincode is the law; others see its words and its rules.',
      { path: '^(gateway|client)/(src|test)' },
      { path: '^(chaincode/(src|dist)|network|test)/' },
    ),
    never(
      'client-runs-in-a-browser',
      'The SDK imports nothing of Node.',
      { path: '^client/src' },
      { dependencyTypes: ['core'] },
    ),
    never(
      'client-sees-no-gateway',
      'The SDK speaks over the wire only.',
      { path: '^client/src' },
      { path: '^(gateway|network|test)/|chaincode/rules/src/node\\.ts$' },
    ),
    never(
      'fabric-behind-the-ledger-room',
      'One room speaks Fabric.',
      {
        pathNot:
          '^gateway/src/ledger/|^network/|^test/(conformance|embedded|fabric-faults|bench|support|soak|unit/ledger)/',
      },
      { path: outside(['@hyperledger', '@grpc']) },
    ),
    never(
      'http-calls-verbs',
      'The HTTP side knows neither the ledger nor the vault.',
      { path: '^gateway/src/http/' },
      { path: '^gateway/src/(ledger|vault|release|projection|sessions|records|access|statements)/' },
    ),
    never(
      'tests-go-through-the-door',
      'Only unit, transaction and golden tests import the unit they test.',
      { path: '^test/(journeys|http|soak|bench|demo)/' },
      { path: '^chaincode/(src|dist)/' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules|(^|/)dist/' },
    exclude: { path: '\\.d\\.ts$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json', '.d.ts'],
    },
  },
};
