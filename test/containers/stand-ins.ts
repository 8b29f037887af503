import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findPrograms } from '@chartkey/network';
import type { ComposeService } from './compose.ts';
import { type ImageSettings, readDockerfile, settingsOf } from './dockerfile.ts';
import type { Mount } from './enclosure.ts';

/** What an image brings along, made of this machine's programs. */
export interface Image extends ImageSettings {
  mounts: Mount[];
}

const root = join(__dirname, '..', '..');
const PATH = '/opt/node:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
const plain = (more: Partial<Image>): Image => ({
  ...{ mounts: [], environment: { PATH }, folder: '/', user: '0:0', command: [] },
  ...more,
});

/** As PostgreSQL's image does at its first start, then every time; with the same files and variables. */
const postgresEntrypoint = `set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -U postgres -A scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 > /dev/null
  pg_ctl -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start > /dev/null
  for file in /docker-entrypoint-initdb.d/*.sql; do
    PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" psql -h /tmp -U postgres -v ON_ERROR_STOP=1 -f "$file"
  done
  pg_ctl -w -m fast stop > /dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql`;

/** The images that this machine can stand in for; `why` of one that it cannot. */
export async function standIns(built: string, scratch: string) {
  const fabric = await findPrograms();
  const tools = dirname(fabric.path.peer);
  const { stages } = readDockerfile(join(root, 'Dockerfile'));
  const node: Mount = { source: dirname(process.execPath), target: '/opt/node', readOnly: true };
  const versitygw = holder('versitygw', join(root, 'node_modules', '.cache', 'services'));
  const postgresql = holder('initdb', ...versionsOf('/usr/lib/postgresql'));

  const ofOurs = (target: string): Image => {
    const settings = settingsOf(stages, target);
    const path = settings.environment['PATH']?.replace('$PATH', PATH) ?? PATH;
    const mounts = [node, { source: join(built, target, 'chartkey'), target: '/chartkey', readOnly: true }];
    if (target === 'setup') {
      mounts.push({ source: tools, target: '/opt/fabric/bin', readOnly: true });
      mounts.push({ source: dirname(fabric.ccaasBuilder), target: '/opt/fabric/builders', readOnly: true });
    }
    return { ...settings, mounts, environment: { ...settings.environment, PATH: path } };
  };
  const nodes = plain({
    mounts: [
      { source: tools, target: '/usr/local/bin', readOnly: true },
      { source: fabric.ccaasBuilder, target: '/opt/hyperledger/ccaas_builder', readOnly: true },
    ],
  });
  const images: Record<string, () => Image> = {
    'hyperledger/fabric-orderer': () => nodes,
    'hyperledger/fabric-peer': () => nodes,
    'versity/versitygw': () =>
      plain({
        mounts: [
          { source: needed('versitygw', versitygw), target: '/app', readOnly: true },
          { source: busyBox(scratch), target: '/usr/local/bin', readOnly: true },
        ],
      }),
    postgres: () =>
      plain({
        environment: { PATH: `${needed('initdb', postgresql)}:${PATH}` },
        command: ['bash', '-c', postgresEntrypoint],
      }),
  };
  return ({ image }: ComposeService): Image | undefined => {
    const [name = ''] = image.split(':');
    return name.startsWith('chartkey-') ? ofOurs(name.slice('chartkey-'.length)) : images[name]?.();
  };
}

/** `nc -z`, which the store's image has and this machine need not. */
function busyBox(scratch: string): string {
  const folder = join(scratch, 'busybox');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'nc'), '#!/bin/bash\nexec 3<>"/dev/tcp/$2/$3"\n');
  chmodSync(join(folder, 'nc'), 0o755);
  return folder;
}

function holder(program: string, ...more: string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...more];
  return folders.find((folder) => existsSync(join(folder, program)));
}

const versionsOf = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, 'bin')) : [];

function needed(program: string, found: string | undefined): string {
  if (found === undefined) throw new Error(`${program} is not on the PATH`);
  return found;
}
