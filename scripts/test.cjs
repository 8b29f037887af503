// npm test: the check, then every suite. `npm test -- <jest arguments>` runs a part without the check.
// npm run test:fabric: the suites of the shared consortium and the conformance suite, on a real network.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
const run = (...args) => spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
const wanted = process.argv.slice(2);
// those need servers or programs that are not ours: npm run test:services, npm run test:fabric, npm run test:browser
const projects = wanted.includes('--selectProjects')
  ? []
  : ['--ignoreProjects', 'services', 'fabric-steps', 'fabric-faults', 'containers', 'browser'];
// .ci/run counts from this file
const report = process.env.JEST_REPORT ? ['--json', `--outputFile=${process.env.JEST_REPORT}`] : [];

const checked = run(join(__dirname, wanted.length === 0 ? 'check.cjs' : 'build.cjs'));
void test();

async function test() {
  if (process.env.LEDGER === 'fabric') await fabricIsHere();
  const tested = run(
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    join(root, 'node_modules/jest/bin/jest.js'),
    ...report,
    ...wanted,
    ...projects,
  );
  if (checked !== 0) console.error('npm run check failed: see above the tests.');
  process.exit(checked || tested);
}

/** A suite that was to run on Fabric never passes without it. */
async function fabricIsHere() {
  const { findPrograms } = require('../network/dist/fabric/programs.js');
  await findPrograms().catch(({ message }) => {
    console.error(`Nothing was tested. ${message}`);
    process.exit(1);
  });
}
