import { dirname, join } from 'node:path';
import type { Ledger } from '@chartkey/gateway';
import { DEMO_CONSORTIUM } from '../consortium.ts';
import { connectTo, ledgerSettings } from '../ledger-access.ts';
import { EmbeddedUnderneath } from './embedded-underneath.ts';
import { type Founding, found, onLoopback } from './founding.ts';
import { type ProcessOrder, type RunningProcess, startProcess, stopProcess } from './processes.ts';
import { register } from './registration.ts';
import type { Underneath } from './underneath.ts';

export interface RunOptions {
  dataDir: string;
  portBase: number;
  /** what the gateways stand on; the embedded ledger when absent */
  underneath?: Underneath;
  /** more settings for every gateway process, or for each organisation's */
  gatewayEnv?: Record<string, string> | ((organisation: string) => Record<string, string>);
  /** whose gateways are started; everybody's when absent */
  gateways?: readonly string[];
  /** called as steps begin */
  progress?(step: string): void;
  /** stops everything, also while it is still starting */
  signal?: AbortSignal;
}

const { members } = DEMO_CONSORTIUM;
/** The folder of an installed package. */
const packageFolder = (name: string) => dirname(require.resolve(`${name}/package.json`));

/** The demo consortium: what it stands on (the embedded ledger, when nothing else is said), and its gateways. */
export class ConsortiumRun {
  readonly processes = new Map<string, RunningProcess>();
  private readonly orders = new Map<string, ProcessOrder>();
  private readonly logs: string;

  private constructor(
    readonly founding: Founding,
    private readonly options: RunOptions,
    private readonly underneath: Underneath,
  ) {
    this.logs = join(options.dataDir, 'logs');
  }

  get dataDir(): string {
    return this.options.dataDir;
  }

  /** Starts everything, or stops what it started and throws. */
  static async start(options: RunOptions): Promise<ConsortiumRun> {
    const { dataDir, portBase, signal } = options;
    const underneath = options.underneath ?? new EmbeddedUnderneath(dataDir, portBase);
    const begin = (step: string) => {
      signal?.throwIfAborted();
      options.progress?.(step);
    };
    const run = new ConsortiumRun(found(dataDir, onLoopback(portBase), underneath.kind), options, underneath);
    signal?.addEventListener('abort', () => void run.stop());
    try {
      await underneath.start({ begin, run: (order) => run.run(order) });
      begin('members and devices');
      const ledger = run.connect('RiversideMSP');
      await register(run.founding, dataDir, ledger).finally(() => ledger.close());
      begin('gateways');
      const all = run.founding.credentials.organisations.map(({ id }) => id);
      await Promise.all((options.gateways ?? all).map((id) => run.startGateway(id)));
      signal?.throwIfAborted();
    } catch (error) {
      await run.stop();
      throw error;
    }
    return run;
  }

  /** A connection to the ledger in an organisation's name. */
  connect(organisation: string): Ledger {
    return connectTo(this.underneath.access(organisation), organisation);
  }

  /** Starts a process again that was killed. */
  again(name: string): Promise<void> {
    return this.run(this.orders.get(name)!);
  }

  /** Everything else about a gateway lies where its settings' defaults look for it. */
  private startGateway(organisation: string): Promise<void> {
    const { dataDir, gatewayEnv } = this.options;
    return this.run({
      name: organisation,
      program: 'node',
      arguments: [join(packageFolder('@chartkey/gateway'), 'dist', 'main.js')],
      env: {
        ...ledgerSettings(organisation, this.underneath.access(organisation)),
        DATA_DIR: dataDir,
        ...(typeof gatewayEnv === 'function' ? gatewayEnv(organisation) : gatewayEnv),
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

  /** Stops the gateways first, so that nothing asks a ledger that has gone, and the chaincode last. */
  async stop(): Promise<void> {
    const all = [...this.processes.values()];
    const isGateway = ({ name }: RunningProcess) => members.some(({ id }) => id === name);
    const isChaincode = ({ name }: RunningProcess) => name.startsWith('chaincode');
    await Promise.all(all.filter(isGateway).map(stopProcess));
    await Promise.all(all.filter((one) => !isGateway(one) && !isChaincode(one)).map(stopProcess));
    await Promise.all(all.filter(isChaincode).map(stopProcess));
    this.processes.clear();
  }

  private run(order: ProcessOrder): Promise<void> {
    const running = startProcess(order, this.logs);
    this.orders.set(order.name, order);
    this.processes.set(order.name, running);
    return running.ready;
  }
}
