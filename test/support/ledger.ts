import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IdentityFiles,
  type Ledger,
  type LedgerAccess,
  type LedgerOptions,
  startLedger,
} from '@chartkey/network';
import { Client, credentials } from '@grpc/grpc-js';
import {
  type ConnectOptions,
  type Contract,
  connect,
  type Gateway,
  hash,
  signers,
} from '@hyperledger/fabric-gateway';

const SHIM = join(__dirname, '../../node_modules/fabric-shim/cli.js');
/** Folder of a chaincode that does one ledger operation per function. */
export const NOTES = join(__dirname, 'notes-chaincode');

/** A chaincode in its own process, run by the unmodified shim. */
export interface ChaincodeProcess {
  readonly address: string;
  readonly process: ChildProcess;
  /** Ends it with SIGKILL and waits for it. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): void;
}

/** Starts a chaincode; by default the notes chaincode of this folder. `more` are further arguments of the shim. */
export async function startChaincode(
  modulePath = NOTES,
  id = 'records:1',
  more: readonly string[] = [],
): Promise<ChaincodeProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    'server',
    '--chaincode-address',
    address,
    '--chaincode-id',
    id,
    '--module-path',
    modulePath,
    ...more,
  ];
  const start = () =>
    spawn(process.execPath, [SHIM, ...args], {
      stdio: 'ignore',
      env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
    });
  let child = start();
  return {
    address,
    get process() {
      return child;
    },
    kill: () => killProcess(child),
    restart: () => {
      child = start();
    },
  };
}

/** SIGKILL, and waits until it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** An embedded ledger with the notes chaincode, in a folder of its own. */
export interface TestLedger {
  readonly dataDir: string;
  /** Another one after `restart`. */
  readonly ledger: Ledger;
  readonly chaincode: ChaincodeProcess;
  /** Connects with fabric-gateway as a member's gateway; closed by `stop`. */
  as(mspId: string, options?: Partial<ConnectOptions>): Connection;
  access(mspId: string): LedgerAccess;
  /** Stops the ledger and starts it again on the same blocks. */
  restart(options?: Partial<LedgerOptions>): Promise<void>;
  stop(): Promise<void>;
}

export interface Connection {
  readonly gateway: Gateway;
  readonly contract: Contract;
  close(): void;
}

export async function startTestLedger(options: Partial<LedgerOptions> = {}): Promise<TestLedger> {
  const dataDir = options.dataDir ?? newFolder();
  const chaincode = await startChaincode();
  const address = { port: 0, chaincodeAddress: chaincode.address, log: () => undefined };
  let ledger = await startLedger({ ...address, ...options, dataDir });
  await ledger.chaincodeReady();
  const connections: Connection[] = [];
  return {
    dataDir,
    get ledger() {
      return ledger;
    },
    chaincode,
    as: (mspId, connectOptions) => {
      const connection = connectAs(ledger.address, ledger.identities, mspId, connectOptions);
      connections.push(connection);
      return connection;
    },
    access: (mspId) => accessTo(ledger.address, ledger.identities, mspId),
    restart: async (more) => {
      await ledger.stop();
      ledger = await startLedger({ ...address, ...options, ...more, dataDir });
      await ledger.chaincodeReady();
    },
    stop: async () => {
      for (const connection of connections) connection.close();
      await ledger.stop();
      await chaincode.kill();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'chartkey-ledger-'));
}

/** A fabric-gateway connection as a member's gateway. */
export function connectAs(
  address: string,
  identities: IdentityFiles,
  mspId: string,
  options: Partial<ConnectOptions> = {},
): Connection {
  return connectWith(accessTo(address, identities, mspId), mspId, options);
}

function accessTo(address: string, identities: IdentityFiles, mspId: string): LedgerAccess {
  return {
    endpoint: address,
    tlsRoot: identities.tlsAuthority.certificate,
    serverName: 'localhost',
    peerOrganisation: mspId,
    ...identities.organisations.get(mspId)!.client,
  };
}

export function connectWith(
  access: LedgerAccess,
  mspId: string,
  options: Partial<ConnectOptions> = {},
): Connection {
  const client = new Client(access.endpoint, credentials.createSsl(readFileSync(access.tlsRoot)), {
    'grpc.ssl_target_name_override': access.serverName,
    'grpc.max_receive_message_length': -1,
  });
  const gateway = connect({
    client,
    identity: { mspId, credentials: readFileSync(access.certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(access.privateKey))),
    hash: hash.sha256,
    ...options,
  });
  return {
    gateway,
    contract: gateway.getNetwork('records').getContract('records'),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

/** The text of a transaction's result. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
