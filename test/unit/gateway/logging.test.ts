import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Logs, and says its last words to a reader that has gone in the meantime. */
const gateway = `
  const { makeLogger } = require(${JSON.stringify(join(__dirname, '../../../gateway/dist/http/log.js'))});
  const log = makeLogger('info');
  log.info('begun');
  setTimeout(() => {
    for (let line = 0; line < 3; line += 1) log.info({ line }, 'last words');
    process.exit(7);
  }, 300);
`;

test('a gateway whose log nobody reads any more still ends', async () => {
  const child = spawn(process.execPath, ['-e', gateway], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([7, null]);
});
