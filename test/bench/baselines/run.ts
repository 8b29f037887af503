import { join } from 'node:path';
import { startProcess, stopProcess } from '@chartkey/network';

/** A program of this folder that runs beside ours. */
export interface Program {
  url: string;
  stop(): Promise<void>;
}

/** Starts a program of this folder that prints `listening on <port>`. @param settings its one argument, as JSON */
export async function startProgram(name: string, settings: object, logs: string): Promise<Program> {
  let port = '';
  const running = startProcess(
    {
      ...{ name, program: 'node' },
      arguments: [join(import.meta.dirname, `${name}.ts`), JSON.stringify(settings)],
      isReady(line) {
        port = /^listening on ([0-9]+)$/.exec(line)?.[1] ?? port;
        return port !== '';
      },
    },
    logs,
  );
  await running.ready;
  return { url: `http://127.0.0.1:${port}`, stop: () => stopProcess(running) };
}
