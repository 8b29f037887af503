// npm run test:containers: the Dockerfile's steps, then docker-compose.yaml with this machine's programs in network and
// mount namespaces of their own. Needs Linux, root, iproute2, util-linux, Fabric's programs, versitygw and PostgreSQL.
const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { node24 } = require('./node24.cjs');

const root = join(__dirname, '..');
const node = node24();
const work = mkdtempSync(join(tmpdir(), 'chartkey-containers-'));
const images = process.env.CONTAINERS_IMAGES ?? join(work, 'images');
const env = { ...process.env, CONTAINERS_IMAGES: images, CONTAINERS_WORK: work };
const run = (program, ...words) =>
  spawnSync(program, words, { cwd: root, stdio: 'inherit', env }).status ?? 1;
const enclosed = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];

const status =
  (process.env.CONTAINERS_IMAGES
    ? 0
    : run(node, join(root, 'test', 'containers', 'build-images.ts'), images)) ||
  run(
    'unshare',
    ...enclosed,
    node,
    join(__dirname, 'test.cjs'),
    '--selectProjects',
    'containers',
    ...process.argv.slice(2),
  );
if (status === 0) rmSync(work, { recursive: true, force: true });
else console.error(`What was built and said lies in ${work}.`);
process.exit(status);
