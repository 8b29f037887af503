// npm run soak: the invariants with their full counts (hours); `npm run soak -- <jest arguments>` runs a part.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
const env = { ...process.env, SOAK: '1' };
const run = (...args) => spawnSync(node, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;
const wanted = process.argv.slice(2);
const full = [
  ...['test/invariants', 'test/faults', 'test/unit/vault', 'test/unit/rules'],
  ...['test/embedded/many-grants', 'test/journeys/toggling'],
];
const suites = wanted.length > 0 ? wanted : full;

process.exit(
  run(join(__dirname, 'build.cjs')) ||
    run(
      '--disable-warning=ExperimentalWarning',
      '--experimental-vm-modules',
      join(root, 'node_modules/jest/bin/jest.js'),
      '--runInBand',
      '--testTimeout=14400000',
      ...suites,
    ),
);
