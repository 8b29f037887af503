import { helpText, readConfig } from './config.ts';
import { type RunningGateway, startGateway } from './start-gateway.ts';

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(helpText());
    return;
  }
  const config = readConfig(process.env);
  const running = await startGateway(config);
  stopOnSignals(running);
  await running.ready;
  const { network, ledger, url, metricsUrl } = running;
  say({ ready: true, organisation: config.ORGANISATION, network, ledger, url, metricsUrl });
}

/** One line of JSON, whatever the log level: starters wait for it. */
function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The first signal ends gracefully, a second one at once. */
function stopOnSignals(running: RunningGateway): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Not by exit, which would wait for whoever reads the log.
      if (stopping) process.kill(process.pid, 'SIGKILL');
      stopping = true;
      running.end(0).catch(fail);
    });
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
