import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectLedger, type Ledger } from '@chartkey/gateway';
import { DEMO_CONSORTIUM, demoPorts } from '../consortium.ts';
import { type IdentityFiles, identityFiles, makeIdentities } from '../identities.ts';
import { type Founding, found } from './founding.ts';
import { type ProcessOrder, type RunningProcess, startProcess, stopProcess } from './processes.ts';
import { register } from './registration.ts';

export interface RunOptions {
  dataDir: string;
  portBase: number;
  /** more settings for every gateway process */
  gatewayEnv?: Record<string, string>;
  /** called as steps begin */
  progress?(step: string): void;
  /** stops everything, also while it is still starting */
  signal?: AbortSignal;
}

const { channel, chaincode, members } = DEMO_CONSORTIUM;
/** The folder of an installed package. */
const packageFolder = (name: string) => dirname(require.resolve(`${name}/package.json`));

/** The demo consortium: the embedded ledger, the chaincode, and a gateway per organisation, a process each. */
export class ConsortiumRun {
  readonly processes = new Map<string, RunningProcess>();
  private readonly logs: string;
  private readonly files: IdentityFiles;
  private readonly ports: ReturnType<typeof demoPorts>;

  private constructor(
    readonly founding: Founding,
    private readonly options: RunOptions,
  ) {
    this.logs = join(options.dataDir, 'logs');
    this.files = identityFiles(options.dataDir);
    this.ports = demoPorts(options.portBase);
  }

  get dataDir(): string {
    return this.options.dataDir;
  }

  /** Starts everything, or stops what it started and throws. */
  static async start(options: RunOptions): Promise<ConsortiumRun> {
    const { dataDir, portBase, signal } = options;
    const begin = (step: string) => {
      signal?.throwIfAborted();
      options.progress?.(step);
    };
    begin('keys and certificates');
    await makeIdentities(dataDir);
    const run = new ConsortiumRun(found(dataDir, portBase), options);
    signal?.addEventListener('abort', () => void run.stop());
    try {
      begin('embedded ledger and chaincode');
      await Promise.all([run.startChaincode(), run.startLedger()]);
      begin('members and devices');
      const ledger = run.connect('RiversideMSP');
      await register(run.founding, dataDir, ledger).finally(() => ledger.close());
      begin('gateways');
      await Promise.all(run.founding.credentials.organisations.map(({ id }) => run.startGateway(id)));
      signal?.throwIfAborted();
    } catch (error) {
      await run.stop();
      throw error;
    }
    return run;
  }

  /** A connection to the ledger in an organisation's name. */
  connect(organisation: string): Ledger {
    const { client } = this.files.organisations.get(organisation)!;
    return connectLedger({
      endpoint: `127.0.0.1:${this.ports.ledger}`,
      tlsRoot: readFileSync(this.files.tlsAuthority.certificate),
      serverName: 'localhost',
      mspId: organisation,
      certificate: readFileSync(client.certificate, 'utf8'),
      privateKey: readFileSync(client.privateKey, 'utf8'),
      channel,
      chaincode,
    });
  }

  /** The ledger is ready when the chaincode has registered with it. */
  startLedger(): Promise<void> {
    const { dataDir } = this.options;
    return this.run({
      name: 'ledger',
      arguments: [join(packageFolder('@chartkey/network'), 'dist', 'embedded', 'main.js')],
      env: {
        DATA_DIR: dataDir,
        LEDGER_PORT: String(this.ports.ledger),
        CHAINCODE_ADDRESS: `127.0.0.1:${this.ports.chaincode}`,
      },
      isReady: (line) => line.includes('"chaincode":"registered"'),
    });
  }

  /** The unmodified shim serves our chaincode in a process of its own, as a Fabric peer would find it. */
  async startChaincode(): Promise<void> {
    const address = `127.0.0.1:${this.ports.chaincode}`;
    await this.run({
      name: 'chaincode',
      arguments: [
        join(packageFolder('fabric-shim'), 'cli.js'),
        'server',
        '--chaincode-address',
        address,
        '--chaincode-id',
        `${chaincode}:1`,
      ],
      cwd: packageFolder('@chartkey/chaincode'),
      env: { CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
      isReady: 'at once',
    });
  }

  /** Everything else about a gateway lies where its settings' defaults look for it. */
  startGateway(organisation: string): Promise<void> {
    const { dataDir, gatewayEnv } = this.options;
    return this.run({
      name: organisation,
      arguments: [join(packageFolder('@chartkey/gateway'), 'dist', 'main.js')],
      env: {
        ORGANISATION: organisation,
        DATA_DIR: dataDir,
        LEDGER_ENDPOINT: `127.0.0.1:${this.ports.ledger}`,
        LEDGER_SERVER_NAME: 'localhost',
        ...gatewayEnv,
      },
      isReady: (line) => line.includes('"ready":true'),
    });
  }

  /** Resolves with one line when any process ends that nobody asked to. */
  async anyEnds(): Promise<string> {
    return Promise.race(
      [...this.processes.values()].map(async ({ name, ended }) => {
        const reason = await ended;
        return `${name} ${reason} (log: ${join(this.logs, `${name}.log`)})`;
      }),
    );
  }

  /** Ends one process at once, as a crash would. */
  async kill(name: string): Promise<void> {
    const running = this.processes.get(name);
    if (!running) return;
    running.child.kill('SIGKILL');
    await running.ended;
    this.processes.delete(name);
  }

  /** Stops the gateways first, so that nothing asks a ledger that has gone. */
  async stop(): Promise<void> {
    const gateways = members.flatMap(({ id }) => this.processes.get(id) ?? []);
    await Promise.all(gateways.map(stopProcess));
    for (const name of ['ledger', 'chaincode']) {
      const running = this.processes.get(name);
      if (running) await stopProcess(running);
    }
    this.processes.clear();
  }

  private run(order: ProcessOrder): Promise<void> {
    const running = startProcess(order, this.logs);
    this.processes.set(order.name, running);
    return running.ready;
  }
}
