import { fork } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeDurably } from '../durable-file.ts';
import { refuseExpired } from './expiry.ts';
import type { CareNode, FabricPlan } from './plan.ts';

/** How often it is looked whether a process has ended; how long that may take. Milliseconds. */
const LOOK = 100;
const PATIENCE = 30_000;

interface Told {
  ready?: true;
  failed?: string;
}

/** One member's nodes in the background, under a process that keeps them. */
export class Supervised {
  constructor(
    private readonly plan: FabricPlan,
    private readonly node: CareNode,
    private readonly dataDir: string,
    private readonly portBase: number,
  ) {}

  private get file(): string {
    return this.plan.path('run', `${this.node.member.label}.pid`);
  }

  /** The keeping process; undefined when none runs. A number that now is another program's does not count. */
  get process(): number | undefined {
    if (!existsSync(this.file)) return undefined;
    const pid = Number(readFileSync(this.file, 'utf8'));
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.includes(keeper) && words.includes(this.dataDir) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Starts what does not run yet. @returns false when it ran. @throws Error in one line that says why not */
  async start(): Promise<boolean> {
    if (this.process !== undefined) return false;
    refuseExpired(this.plan, this.node);
    const { label } = this.node.member;
    const log = openSync(join(this.plan.path('run'), `${label}.log`), 'a', 0o600);
    const child = fork(keeper, [this.dataDir, String(this.portBase), label], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    });
    writeDurably(this.file, String(child.pid), 0o600);
    const told = await new Promise<Told>((resolve) => {
      child.once('message', (message) => resolve(message as Told));
      child.once('exit', (code) => resolve({ failed: `ended with code ${code}` }));
    });
    if (child.connected) child.disconnect();
    child.unref();
    if (told.ready) return true;
    rmSync(this.file, { force: true });
    throw new Error(`${this.node.member.name}: ${told.failed}`);
  }

  /** @returns false when nothing ran */
  async stop(): Promise<boolean> {
    const pid = this.process;
    if (pid === undefined) return false;
    process.kill(pid, 'SIGTERM');
    for (let waited = 0; this.process !== undefined; waited += LOOK) {
      if (waited > PATIENCE) throw new Error(`${this.node.member.name}: process ${pid} does not end.`);
      await pause(LOOK);
    }
    rmSync(this.file, { force: true });
    return true;
  }
}

const keeper = require.resolve('@chartkey/network/dist/fabric/keep.js');
