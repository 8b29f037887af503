import { parseArgs } from 'node:util';
import { demoPorts } from '../consortium.ts';
import type { LedgerOptions } from './ledger.ts';

/** Every setting of the ledger process: argument, environment variable, default, meaning. */
const SETTINGS = {
  'data-dir': { env: 'DATA_DIR', fallback: '.chartkey', help: 'folder of the demo network' },
  host: { env: 'LEDGER_HOST', fallback: '127.0.0.1', help: 'address to listen on' },
  port: {
    env: 'LEDGER_PORT',
    fallback: '',
    help: 'port to listen on; default PORT_BASE (7001) + 50, 0 picks one',
  },
  chaincode: {
    env: 'CHAINCODE_ADDRESS',
    fallback: '',
    help: 'host:port of the chaincode; default PORT_BASE + 51',
  },
  'chaincode-tls-root': {
    env: 'CHAINCODE_TLS_ROOT',
    fallback: '',
    help: "PEM file that signs the chaincode's certificate",
  },
  'chaincode-tls-cert': {
    env: 'CHAINCODE_TLS_CERT',
    fallback: '',
    help: 'PEM certificate shown to the chaincode',
  },
  'chaincode-tls-key': { env: 'CHAINCODE_TLS_KEY', fallback: '', help: 'PEM key of that certificate' },
  'endorsing-peers': {
    env: 'ENDORSING_PEERS',
    fallback: '',
    help: 'MSP ids whose peers are up, comma separated; default all',
  },
} as const;

type Setting = keyof typeof SETTINGS;

/** A setting that cannot be used; the message names it. */
export class ConfigFailure extends Error {}

/** The text for `--help`. */
export function helpText(): string {
  const lines = Object.entries(SETTINGS).map(
    ([name, { env, help }]) => `  --${name.padEnd(20)} ${env.padEnd(20)} ${help}`,
  );
  return ['Starts the embedded ledger. Arguments win over environment variables.', ...lines].join('\n');
}

/** Reads arguments, then the environment. Undefined when help was asked for. @throws ConfigFailure */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): LedgerOptions | undefined {
  const given = parse(args);
  if (given['help']) return undefined;
  const setting = (name: Setting) =>
    String(given[name] ?? env[SETTINGS[name].env] ?? SETTINGS[name].fallback);
  const ports = demoPorts(portNumber('PORT_BASE', env['PORT_BASE'] ?? '7001'));
  const options: LedgerOptions = {
    dataDir: setting('data-dir'),
    host: setting('host'),
    port: setting('port') === '' ? ports.ledger : portNumber('LEDGER_PORT', setting('port')),
    chaincodeAddress: setting('chaincode') || `127.0.0.1:${ports.chaincode}`,
  };
  const root = setting('chaincode-tls-root');
  const certificate = setting('chaincode-tls-cert');
  const privateKey = setting('chaincode-tls-key');
  if ((certificate === '') !== (privateKey === '') || (certificate !== '' && root === '')) {
    throw new ConfigFailure(
      'CHAINCODE_TLS_CERT and CHAINCODE_TLS_KEY go together, and with CHAINCODE_TLS_ROOT',
    );
  }
  const client = certificate === '' ? {} : { client: { certificate, privateKey } };
  const peers = setting('endorsing-peers');
  return {
    ...options,
    ...(root === '' ? {} : { chaincodeTls: { rootCertificate: root, ...client } }),
    ...(peers === '' ? {} : { endorsingPeers: peers.split(',').map((id) => id.trim()) }),
  };
}

function parse(args: readonly string[]): Record<string, string | boolean | undefined> {
  const strings = Object.fromEntries(
    Object.keys(SETTINGS).map((name) => [name, { type: 'string' as const }]),
  );
  try {
    return parseArgs({ args: [...args], options: { ...strings, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new ConfigFailure((error as Error).message);
  }
}

function portNumber(name: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigFailure(`${name} is not a port number: ${text}`);
}
