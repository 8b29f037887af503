// npm run bench [-- quick] [-- <figure> …]: see docs/benchmarks.md.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
const run = (...args) => spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
process.exit(
  run(join(__dirname, 'build.cjs'), 'chaincode', 'network', 'test/bench/chaincode') ||
    run(join(root, 'test', 'bench', 'main.ts'), ...process.argv.slice(2)),
);
