import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chaincodeOrder } from '../../../network/demo/embedded-underneath.ts';
import { startProcess, stopProcess } from '../../../network/demo/processes.ts';
import { freePortBase, ownFolder } from '../../support/consortium.ts';

const { folder, remove } = ownFolder();
afterAll(remove);

test('a chaincode that does not start is named with its log; one that does is ready when it listens', async () => {
  const port = await freePortBase();
  const order = (name: string) => ({
    ...chaincodeOrder(name, `127.0.0.1:${port}`, 'records:1'),
    isReady: { listensOn: port },
  });
  writeFileSync(join(folder, 'package.json'), '{"name":"broken","version":"1.0.0","main":"gone.js"}');
  const broken = startProcess({ ...order('broken'), cwd: folder }, join(folder, 'logs'));
  await expect(broken.ready).rejects.toThrow(/^broken ended with code \d+: .*\(log: .*broken\.log\)$/);
  const whole = startProcess(order('whole'), join(folder, 'logs'));
  await whole.ready;
  await stopProcess(whole);
});

const cli = join(__dirname, '../../../network/dist/fabric/cli.js');
const said = (words: string[]) =>
  spawnSync(process.execPath, [cli, ...words], { env: { PATH: folder, DATA_DIR: folder }, encoding: 'utf8' });

test('the steps say what they are', () => {
  expect(said(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('deploy-chaincode') });
});

test.each([
  [['found'], 'There is no found. See npm run fabric -- --help.\n'],
  [['backup', 'riverside'], 'backup takes MEMBER FILE.\n'],
  [['status', 'riverside'], 'status takes nothing more.\n'],
  [['status'], expect.stringMatching(/^Not on the PATH: orderer, .*\n$/)],
])('%j stops with one line', (words, stderr) => {
  expect(said(words)).toMatchObject({ status: 1, stdout: '', stderr });
});
