import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Logs, and says its last words to a reader that has gone in the meantime. */
const gateway = `
  const { exitAfter, makeLogger } = require(${JSON.stringify(join(__dirname, '../../../gateway/dist/http/log.js'))});
  const log = makeLogger('info');
  log.info('begun');
  setTimeout(() => {
    for (let line = 0; line < 3; line += 1) log.info({ line }, 'last words');
    exitAfter(log, 7);
  }, 300);
`;

test('a gateway whose log is read ends with its last words written', async () => {
  const child = spawn(process.execPath, ['-e', gateway], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
  expect(
    Buffer.concat(text)
      .toString()
      .match(/last words/g),
  ).toHaveLength(3);
  expect(code).toBe(7);
});

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
