import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isListening } from '../../network/demo/processes.ts';
import { onlyFileIn } from '../../network/fabric/plan.ts';

const isThere = (program: string) => spawnSync('which', [program]).status === 0;

/** Fabric CA comes apart from Fabric: whether its programs are on the PATH too. */
export const hasFabricCa = ['fabric-ca-server', 'fabric-ca-client'].every(isThere);

/** A Fabric CA that holds the key of a member's MSP, with one identity registered. */
export class Authority {
  readonly roots: string;
  private readonly home: string;

  private constructor(
    folder: string,
    private readonly port: number,
    private readonly server: ChildProcess,
  ) {
    this.home = folder;
    this.roots = join(folder, 'tls-cert.pem');
  }

  /** @param organisation cryptogen's folder of the member */
  static async start(organisation: string, folder: string, port: number): Promise<Authority> {
    mkdirSync(folder, { recursive: true });
    const key = join(folder, 'msp-key.pem');
    cpSync(join(organisation, 'ca', 'priv_sk'), key);
    const certificate = onlyFileIn(join(organisation, 'msp', 'cacerts'));
    const words = [
      'start',
      '--home',
      folder,
      '-b',
      'admin:admin',
      '--address',
      '127.0.0.1',
      '--port',
      `${port}`,
    ];
    const tls = [
      '--tls.enabled',
      '--csr.hosts',
      '127.0.0.1',
      '--ca.certfile',
      certificate,
      '--ca.keyfile',
      key,
    ];
    const env = { ...process.env, FABRIC_CA_SERVER_OPERATIONS_LISTENADDRESS: `127.0.0.1:${port + 1}` };
    const server = spawn('fabric-ca-server', [...words, ...tls], { env, stdio: 'ignore' });
    const authority = new Authority(folder, port, server);
    while (!(await isListening(port))) await pause(50);
    return authority;
  }

  /** @returns the address at which this identity enrols */
  register(type: 'client' | 'peer', name: string): string {
    const admin = ['--tls.certfiles', this.roots, '--home', join(this.home, 'admin')];
    run('enroll', '--url', this.url('admin', 'admin'), ...admin);
    const who = ['--id.name', name, '--id.secret', 'secret', '--id.type', type];
    run('register', '--url', `https://127.0.0.1:${this.port}`, ...who, ...admin);
    return this.url(name, 'secret');
  }

  stop(): void {
    this.server.kill();
  }

  private url(name: string, secret: string): string {
    return `https://${name}:${secret}@127.0.0.1:${this.port}`;
  }
}

function run(...words: string[]): void {
  const { status, stderr } = spawnSync('fabric-ca-client', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`fabric-ca-client ${words[0]}: ${stderr}`);
}
