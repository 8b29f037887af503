import { dirname, join } from 'node:path';
import { DEMO_CONSORTIUM, demoPorts } from '../consortium.ts';
import { makeIdentities } from '../identities.ts';
import { embeddedAccess, type LedgerAccess } from '../ledger-access.ts';
import type { ProcessOrder } from './processes.ts';
import type { Starter, Underneath } from './underneath.ts';

/** The folder of an installed package. */
const packageFolder = (name: string) => dirname(require.resolve(`${name}/package.json`));

/** One process without consensus, and the chaincode. */
export class EmbeddedUnderneath implements Underneath {
  readonly kind = 'embedded';
  readonly ports: readonly number[];

  constructor(
    private readonly dataDir: string,
    private readonly portBase: number,
    /** folder of the chaincode's package; ours, when absent */
    private readonly served = packageFolder('@chartkey/chaincode'),
  ) {
    const { ledger, chaincode } = demoPorts(portBase);
    this.ports = [ledger, chaincode];
  }

  async start({ run, begin }: Starter): Promise<void> {
    begin('keys and certificates');
    await makeIdentities(this.dataDir);
    begin('embedded ledger and chaincode');
    const [ledger, chaincode] = this.ports;
    const address = `127.0.0.1:${chaincode}`;
    await Promise.all([
      run(chaincodeOrder('chaincode', address, `${DEMO_CONSORTIUM.chaincode}:1`, [], this.served)),
      run({
        name: 'ledger',
        program: 'node',
        arguments: [join(packageFolder('@chartkey/network'), 'dist', 'embedded', 'main.js')],
        env: { DATA_DIR: this.dataDir, LEDGER_PORT: String(ledger), CHAINCODE_ADDRESS: address },
        // ready when the chaincode has registered with it
        isReady: (line) => line.includes('"chaincode":"registered"'),
      }),
    ]);
  }

  access(organisation: string): LedgerAccess {
    return embeddedAccess(this.dataDir, this.portBase, organisation);
  }
}

/** The unmodified shim serves a chaincode (ours) in a process of its own, as a Fabric peer finds it. */
export function chaincodeOrder(
  name: string,
  address: string,
  id: string,
  more: string[] = [],
  folder = packageFolder('@chartkey/chaincode'),
): ProcessOrder {
  const words = ['server', '--chaincode-address', address, '--chaincode-id', id, ...more];
  return {
    name,
    program: 'node',
    arguments: [join(packageFolder('fabric-shim'), 'cli.js'), ...words],
    cwd: folder,
    env: { CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
    isReady: 'at once',
  };
}
