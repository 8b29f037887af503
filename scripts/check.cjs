// npm run check: types, lint and format, walls, dead code, lock file. Everything is reported before it fails.
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
const bin = (name) => join(root, 'node_modules', name);
const run = (program, args, options = {}) =>
  spawnSync(node, [bin(program), ...args], { cwd: root, stdio: 'inherit', ...options });

const steps = {
  'types (tsc -b)': () =>
    spawnSync(node, [join(__dirname, 'build.cjs')], { cwd: root, stdio: 'inherit' }).status === 0,
  'lint and format (biome)': () =>
    run('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']).status === 0,
  'walls (dependency-cruiser)': walls,
  'dead code (knip)': () => run('knip/bin/knip.js', ['--no-progress']).status === 0,
  'lock file names only what it holds': lockIsWhole,
  'generated documents are fresh': () =>
    spawnSync(node, [join(__dirname, 'documents.cjs'), '--check'], { cwd: root, stdio: 'inherit' }).status ===
    0,
};

/** No violation but the one in test/lint, and never on zero modules (a parser that found nothing says "fine"). */
function walls() {
  const cruised = ['chaincode', 'gateway/src', 'client/src', 'network', 'test'];
  const { stdout } = run(
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    [...cruised, '--config', '--output-type', 'json'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    },
  );
  const { summary } = JSON.parse(stdout.toString());
  const wanted = summary.violations.filter(({ from }) => from.startsWith('test/lint/'));
  const others = summary.violations.filter(({ from }) => !from.startsWith('test/lint/'));
  for (const { rule, from, to } of others) console.error(`  ${rule.name}: ${from} -> ${to}`);
  if (summary.totalCruised < 100) console.error(`  only ${summary.totalCruised} modules were looked at`);
  if (wanted.length === 0) console.error('  the deliberate violation in test/lint was not caught');
  return others.length === 0 && wanted.length > 0 && summary.totalCruised >= 100;
}

/** npm 11 and newer refuse a lock file that names optional packages which it does not hold. */
function lockIsWhole() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  let whole = true;
  for (const [at, { optionalDependencies = {}, resolved = '' }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (holds(packages, at, name)) continue;
      console.error(`  ${at || 'the root'} names ${name}, which the lock file does not hold`);
      whole = false;
    }
    if (/^https?:/.test(resolved)) {
      console.error(`  ${at} names a download address`);
      whole = false;
    }
  }
  return whole;
}

function holds(packages, at, name) {
  for (let folder = at; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (!folder) return false;
  }
}

let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  const passed = step();
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}`);
  if (!passed) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
