// npm run test:containers: the Dockerfile's steps, then docker-compose.yaml with this machine's programs in network and
// mount namespaces of their own. With --possible, only says whether this machine can. Plain Node 20 JavaScript.
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const debian = '/usr/lib/postgresql';
const services = join(root, 'node_modules', '.cache', 'services');
const enclosure = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];

const succeeds = (program, ...words) => spawnSync(program, words, { stdio: 'ignore' }).status === 0;
const onPath = (program) => succeeds('sh', '-c', `command -v ${program}`);
const fabric = ['orderer', 'peer', 'osnadmin', 'configtxgen', 'cryptogen'].every(onPath);
const versitygw = onPath('versitygw') || existsSync(join(services, 'versitygw'));
const postgresql = onPath('initdb') || (existsSync(debian) && readdirSync(debian).length > 0);
const namespaces = ['ip', 'nsenter', 'setpriv'].every(onPath) && succeeds('unshare', ...enclosure, 'true');
const missing = Object.entries({
  'namespaces (root on Linux, iproute2, util-linux)': namespaces,
  'Fabric’s programs': fabric,
  versitygw,
  PostgreSQL: postgresql,
}).flatMap(([name, here]) => (here ? [] : [name]));
if (missing.length > 0) {
  console.error(`containers: not run, since this machine lacks ${missing.join(', ')}`);
  process.exit(1);
}
if (process.argv.includes('--possible')) process.exit(0);

const node = node24();
const work = mkdtempSync(join(tmpdir(), 'chartkey-containers-'));
const images = join(work, 'images');
const env = { ...process.env, CONTAINERS_IMAGES: images, CONTAINERS_WORK: work };
const run = (program, ...words) =>
  spawnSync(program, words, { cwd: root, stdio: 'inherit', env }).status ?? 1;
const suite = [join(__dirname, 'test.cjs'), '--selectProjects', 'containers', ...process.argv.slice(2)];

const status =
  run(node, join(root, 'test', 'containers', 'build-images.ts'), images) ||
  run('unshare', ...enclosure, node, ...suite);
if (status === 0) rmSync(work, { recursive: true, force: true });
else console.error(`What was built, and what services said, lies in ${work}.`);
process.exit(status);
