// npm run test:browser: what must hold in a real browser, in the Chromium on the PATH. With --possible, only says
// by its exit code whether there is one. Plain Node 20 JavaScript.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const looked = names.map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }));
const CHROMIUM = looked.map(({ stdout }) => stdout.trim()).find((path) => path !== '');
if (process.argv.includes('--possible')) process.exit(CHROMIUM ? 0 : 1);
if (!CHROMIUM) {
  console.error(`Nothing was tested. A Chromium must be on the PATH, as ${names.join(', ')}.`);
  process.exit(1);
}
const { status } = spawnSync(
  node24(),
  [join(__dirname, 'test.cjs'), '--selectProjects', 'browser', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, CHROMIUM } },
);
process.exit(status ?? 1);
