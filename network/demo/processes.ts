import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessOrder {
  /** names its log file too */
  name: string;
  /** `node` is the Node that runs this process; else a program's path */
  program: string;
  arguments: string[];
  cwd?: string;
  env?: Record<string, string>;
  /** tells from a line of its output, or the port on 127.0.0.1 it listens on, that it is ready */
  isReady: ((line: string) => boolean) | { listensOn: number } | 'at once';
}

export interface RunningProcess {
  name: string;
  child: ChildProcess;
  /** rejects, with its last line, when it ends before it is ready or takes longer than a minute */
  ready: Promise<void>;
  /** resolves with the exit's reason, whenever that is */
  ended: Promise<string>;
}

const READY_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 12_000;
const LOOK_MILLISECONDS = 50;

/**
 * Starts a process that ends when this one does; its output goes to `<logs>/<name>.log`. Programs that are
 * not ours are told so by the kernel, where util-linux has `setpriv`.
 */
export function startProcess(order: ProcessOrder, logs: string): RunningProcess {
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const path = join(logs, `${order.name}.log`);
  const log = createWriteStream(path, { flags: 'a', mode: 0o600 });
  const child = spawn(...commandOf(order), {
    cwd: order.cwd,
    env: { ...handedOn(), ...order.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(order.program === 'node' ? ['ipc' as const] : [])],
    // a Ctrl-C at the terminal goes to the starter alone, which stops its processes in order
    detached: true,
  });
  let last = '';
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `ended with code ${code}`));
  });
  const isReady = new Promise<undefined>((resolve) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      onLines(stream, (line) => {
        log.write(`${line}\n`);
        last = line;
        if (typeof order.isReady === 'function' && order.isReady(line)) resolve(undefined);
      });
    }
    if (order.isReady === 'at once') resolve(undefined);
    else if (typeof order.isReady === 'object') void listening(order.isReady.listensOn, ended).then(resolve);
  });
  const late = new Promise<string>((resolve) =>
    setTimeout(() => resolve('was not ready in time'), READY_MILLISECONDS).unref(),
  );
  const ready = Promise.race([isReady, ended, late]).then((outcome) => {
    if (outcome !== undefined) throw new Error(`${order.name} ${outcome}: ${last} (log: ${path})`);
  });
  ready.catch(() => undefined);
  return { name: order.name, child, ready, ended };
}

/** Resolves when something listens on a port; never when the process has ended before. */
async function listening(port: number, ended: Promise<string>): Promise<undefined> {
  const gone = ended.then(() => new Promise<never>(() => undefined));
  while (!(await Promise.race([isListening(port), gone]))) await pause(LOOK_MILLISECONDS);
}

/** What a process gets of this one's environment: no setting of a gateway, which its order names. */
function handedOn(): Record<string, string | undefined> {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE };
}

function commandOf({ program, arguments: words }: ProcessOrder): [program: string, words: string[]] {
  if (program === 'node') {
    const lifeline = require.resolve('@chartkey/network/dist/demo/lifeline.js');
    return [process.execPath, ['--require', lifeline, ...words]];
  }
  const setpriv = '/usr/bin/setpriv';
  return existsSync(setpriv) ? [setpriv, ['--pdeathsig', 'TERM', program, ...words]] : [program, words];
}

/** Whether something listens on a port. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const say = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => say(true)).once('error', () => say(false));
  });
}

/** Asks a process to stop, and makes it stop when it does not. */
export async function stopProcess({ child, ended }: RunningProcess): Promise<void> {
  stop(child, 'SIGTERM');
  const patience = setTimeout(() => stop(child, 'SIGKILL'), STOP_MILLISECONDS);
  await ended;
  clearTimeout(patience);
}

function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
