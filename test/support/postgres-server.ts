import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type RunningProcess, startProcess } from '../../network/demo/processes.ts';
import { serviceProgram } from './service-programs.ts';

export interface PostgresServer {
  port: number;
  process: RunningProcess;
  /** the URL of a database */
  url(database: string): string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; then nobody runs it. */
const NOBODY = 65_534;
const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--pdeathsig', 'INT'];
const isRoot = process.getuid?.() === 0;

function command(program: string, words: string[]): [string, string[]] {
  return isRoot ? ['setpriv', [...asNobody, program, ...words]] : [program, words];
}

/**
 * Starts PostgreSQL on a port; its data lies in `data` and is made when it is not there.
 * @param data a folder of its own, in one that others may enter
 * @param settings such as `ssl=on`
 */
export async function startPostgres(
  data: string,
  port: number,
  logs: string,
  settings: string[] = [],
): Promise<PostgresServer> {
  const programs = dirname(serviceProgram('initdb'));
  if (!existsSync(join(data, 'PG_VERSION'))) {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (isRoot) chownSync(data, NOBODY, NOBODY);
    const words = ['-D', data, '-A', 'trust', '-U', 'chartkey', '--no-sync', '-E', 'UTF8', '--locale=C'];
    await promisify(execFile)(...command(join(programs, 'initdb'), words), { cwd: '/' });
  }
  const given = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings];
  const [program, words] = command(join(programs, 'postgres'), [
    '-D',
    data,
    ...given.flatMap((it) => ['-c', it]),
  ]);
  const process = startProcess(
    {
      name: 'postgres',
      program,
      arguments: words,
      cwd: '/',
      isReady: (line) => line.includes('ready to accept connections'),
    },
    logs,
  );
  await process.ready;
  return {
    ...{ port, process },
    url: (database) => `postgresql://chartkey@127.0.0.1:${port}/${database}`,
    async stop() {
      // SIGINT ends open connections; SIGTERM would wait for them.
      process.child.kill('SIGINT');
      await process.ended;
    },
  };
}

/** Makes a database. @param admin the URL of another one */
export async function createDatabase(admin: string, name: string): Promise<void> {
  await say(admin, `CREATE DATABASE ${name}`);
}

/** Drops a database, whoever is connected to it. */
export async function dropDatabase(admin: string, name: string): Promise<void> {
  await say(admin, `DROP DATABASE ${name} WITH (FORCE)`);
}

async function say(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
