import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { demoPorts } from '../../network/consortium.ts';
import type { Whereabouts } from '../support/consortium.ts';

/** The longest file that fits, in blocks of 512 bytes or of 1 KiB, as the shell has it: 4 or 8 MiB. */
const BLOCKS = 8192;

/** Starts a gateway that may write no longer file: its system says so as it does of a full disk. */
export function startOnSmallDisk(
  organisation: string,
  { dataDir, portBase }: Whereabouts,
  settings: Record<string, string>,
): ChildProcess {
  const main = join(dirname(require.resolve('@chartkey/gateway/package.json')), 'dist', 'main.js');
  const { PATH, HOME } = process.env;
  const command = ['-c', `ulimit -f ${BLOCKS} && exec "$@"`, 'sh', process.execPath, main];
  return spawn('/bin/sh', command, {
    stdio: 'ignore',
    env: {
      PATH,
      HOME,
      ORGANISATION: organisation,
      DATA_DIR: dataDir,
      LEDGER_ENDPOINT: `127.0.0.1:${demoPorts(portBase).ledger}`,
      LEDGER_SERVER_NAME: 'localhost',
      ...settings,
    },
  });
}
