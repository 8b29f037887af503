import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startLedger } from '@chartkey/network';
import { newFolder, startChaincode } from '../support/ledger.ts';
import { output, ready, spawnLedger } from '../support/ledger-process.ts';

test('a second process on the folder, a taken port, a bad folder and a bad setting each end with one line', async () => {
  const dataDir = newFolder();
  const options = { port: 0, chaincodeAddress: '127.0.0.1:1', log: () => undefined };
  const ledger = await startLedger({ ...options, dataDir });
  const elsewhere = newFolder();
  const same = spawnLedger(['--data-dir', dataDir, '--port', '0']);
  const taken = spawnLedger(['--data-dir', elsewhere, '--port', String(ledger.port)]);
  const unusable = spawnLedger([
    '--data-dir',
    join(dataDir, 'ledger', 'blocks', 'below-a-file'),
    '--port',
    '0',
  ]);
  const bad = spawnLedger(['--port', 'seven']);
  const [second, port, folder, setting] = await Promise.all([same, taken, unusable, bad].map(output));
  expect(second).toEqual({
    code: 1,
    error: expect.stringMatching(/^another ledger process is using .*: stop it first$/),
  });
  expect(port).toEqual({ code: 1, error: expect.stringMatching(/^port \d+ on 127.0.0.1 cannot be had/) });
  expect(folder).toEqual({
    code: 1,
    error: expect.stringMatching(/^the data folder .* cannot be used: ENOTDIR/),
  });
  expect(setting).toEqual({ code: 1, error: 'LEDGER_PORT is not a port number: seven' });
  await ledger.stop();
  rmSync(elsewhere, { recursive: true });
  rmSync(dataDir, { recursive: true });
});

test('SIGTERM stops the process cleanly, and it says at start what it is not', async () => {
  const dataDir = newFolder();
  const chaincode = await startChaincode();
  const child = spawnLedger(['--data-dir', dataDir, '--port', '0', '--chaincode', chaincode.address]);
  const ended = output(child);
  await ready(child);
  child.kill('SIGTERM');
  const { code, error } = await ended;
  expect(code).toBe(0);
  expect(error).toContain('no consensus');
  await chaincode.kill();
  rmSync(dataDir, { recursive: true });
});
