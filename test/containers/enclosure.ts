import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * What a container engine does with Linux's own tools (iproute2, util-linux), inside a network namespace that
 * the whole suite runs in: bridges, an address for each service, a root file system of this machine's programs.
 */

export interface Mount {
  /** path of this machine; none for a tmpfs */
  source?: string;
  target: string;
  readOnly?: boolean;
}

export interface Enclosed {
  name: string;
  /** an empty folder to make its root file system on */
  root: string;
  /** address by bridge */
  addresses: Record<string, string>;
  mounts: Mount[];
  user: string;
  capabilities: string[];
  folder: string;
  environment: Record<string, string>;
  command: string[];
}

const ip = (...words: string[]) => run('ip', ...words);

function run(program: string, ...words: string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}

/** Call once, in a network and a mount namespace of our own. @param bridges name and address/bits */
export function makeBridges(bridges: Record<string, string>): void {
  run('mount', '-t', 'tmpfs', 'tmpfs', '/run');
  ip('link', 'set', 'lo', 'up');
  for (const [name, address] of Object.entries(bridges)) {
    ip('link', 'add', name, 'type', 'bridge');
    ip('addr', 'add', address, 'dev', name);
    ip('link', 'set', name, 'up');
  }
}

let links = 0;
/** A network namespace with an interface on each bridge, and loopback. */
function makeNetwork({ name, addresses }: Enclosed): void {
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  for (const [bridge, address] of Object.entries(addresses)) {
    const [outer, inner] = [`o${++links}`, `i${links}`];
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('link', 'set', outer, 'master', bridge, 'up');
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
  }
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** As `docker run --read-only --cap-drop ALL --security-opt no-new-privileges --user` would have it. */
function asUser({ user, capabilities, environment, folder }: Enclosed, command: string[]): string {
  const [uid, gid] = user.split(':');
  const kept = ['-all', ...capabilities.map((one) => `+${one.toLowerCase()}`)].join(',');
  const words = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'];
  const limits = [`--bounding-set=${kept}`, `--inh-caps=${kept}`];
  const variables = Object.entries({ HOME: '/tmp', ...environment }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const inside = ['sh', '-c', `cd ${quote(folder)} && exec "$@"`, 'sh', ...command];
  return ['setpriv', ...words, ...limits, 'env', '-i', ...variables, ...inside].map(quote).join(' ');
}

/** Makes the service's own root: this machine's programs read-only, what is mounted, nothing to write but that. */
function script(enclosed: Enclosed, hosts: string): string {
  const { root } = enclosed;
  mkdirSync(root, { recursive: true });
  const at = (path: string) => quote(join(root, path));
  const lines = [
    'set -e',
    'mount --make-rprivate /',
    `mount -t tmpfs -o mode=755 tmpfs ${quote(root)}`,
    `mkdir -p ${['usr', 'etc', 'dev', 'proc', 'run'].map(at).join(' ')}`,
    `for link in bin sbin lib lib64; do ln -s usr/$link ${quote(root)}/$link; done`,
    `mount --bind /usr ${at('usr')} && mount -o remount,bind,ro ${at('usr')}`,
    `cp -r /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /etc/alternatives ${at('etc')} 2>/dev/null || true`,
    `cp ${quote(hosts)} ${at('etc/hosts')}`,
    `mount --rbind /dev ${at('dev')}`,
    `mount -t proc proc ${at('proc')}`,
    ...enclosed.mounts.flatMap(({ source, target, readOnly }) => [
      `mkdir -p ${at(target)}`,
      source === undefined
        ? `mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs ${at(target)}`
        : `mount --bind ${quote(source)} ${at(target)}`,
      ...(readOnly ? [`mount -o remount,bind,ro ${at(target)}`] : []),
    ]),
    `mount -o remount,ro ${quote(root)}`,
    `exec chroot ${quote(root)} ${asUser(enclosed, enclosed.command)}`,
  ];
  return lines.join('\n');
}

/** A service that runs, or ran. */
export interface Running {
  child: ChildProcess;
  /** its exit code */
  ended: Promise<number>;
  /** Runs a command beside it, as `docker exec` would. @returns its exit code */
  execute(command: string[]): number;
}

/** Starts a service; what it says goes to a file. @param hosts path of its /etc/hosts */
export function start(enclosed: Enclosed, hosts: string, log: string): Running {
  makeNetwork(enclosed);
  const words = ['netns', 'exec', enclosed.name, 'unshare', '--mount', 'bash', '-c', script(enclosed, hosts)];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log, { flags: 'a' });
  child.stdout!.pipe(file, { end: false });
  child.stderr!.pipe(file, { end: false });
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  return {
    child,
    ended: ended.finally(() => spawnSync('ip', ['netns', 'delete', enclosed.name])),
    execute(command) {
      const enter = ['--target', String(child.pid), '--mount', '--net', '--root', '--wdns=/'];
      const line = `exec ${asUser(enclosed, command)}`;
      return spawnSync('nsenter', [...enter, 'sh', '-c', line], { stdio: 'ignore' }).status ?? 1;
    },
  };
}

/** Writes an /etc/hosts. */
export function writeHosts(path: string, names: Record<string, string>): string {
  mkdirSync(dirname(path), { recursive: true });
  const lines = Object.entries(names).map(([name, address]) => `${address} ${name}`);
  writeFileSync(path, `${['127.0.0.1 localhost', ...lines].join('\n')}\n`);
  return path;
}
