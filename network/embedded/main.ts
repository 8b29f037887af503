import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { helpText, readConfig } from './config.ts';
import { NOTICE, startLedger } from './ledger.ts';

/** The ledger's own process: one JSON line on standard output when ready, everything else on standard error. */
async function main(): Promise<void> {
  const options = readConfig(process.argv.slice(2), process.env);
  if (!options) {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  // Its failures come to us as errors; on standard error they would be a second line.
  setLogVerbosity(logVerbosity.NONE);
  const ledger = await startLedger(options);
  const { address, tlsRootCertificate, height } = ledger;
  print({ ready: true, ledger: 'embedded', notice: NOTICE, address, tlsRootCertificate, height });
  void ledger.chaincodeReady().then(() => print({ chaincode: 'registered' }));
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void ledger.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

main().catch(fail);
