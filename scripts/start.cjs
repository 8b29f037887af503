// npm start: builds what changed, then starts the demo consortium.
const { spawn, spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
if (process.argv.length === 2) console.log('Chartkey: starting the demo consortium …');
if (
  spawnSync(node, [join(__dirname, 'build.cjs'), 'chaincode', 'network'], { cwd: root, stdio: 'inherit' })
    .status !== 0
)
  process.exit(1);
const child = spawn(node, [join(root, 'network', 'dist', 'demo', 'main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// The terminal sends its signals to the child as well; whoever asks us alone means the child too. It stops in
// order, however often it is asked, and we wait for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
