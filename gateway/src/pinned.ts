import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { checkGenesis, memberOf } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import { Failure, isCareMember, type Member, SignedGenesis } from '@chartkey/vocabulary';
import { type Config, ConfigError } from './config.ts';
import type { LedgerOptions } from './ledger/connect.ts';
import { type GatewayDevice, gatewayDevice } from './release/gateway-device.ts';

/** What a gateway is told about its network and itself, and never learns from the ledger. */
export interface Pinned {
  signed: SignedGenesis;
  /** the network id that follows from the document */
  network: string;
  organisation: Member;
}

/** @throws ConfigError GENESIS_FILE, ORGANISATION */
export function readPinned({ GENESIS_FILE, ORGANISATION }: Config): Pinned {
  const text = textOf('GENESIS_FILE', GENESIS_FILE);
  let signed: SignedGenesis;
  let network: string;
  try {
    signed = SignedGenesis.parse(JSON.parse(text));
    network = checkGenesis(signed, nodeSignatureChecks);
  } catch {
    throw new ConfigError('GENESIS_FILE', `${GENESIS_FILE} is no genesis document signed by all its members`);
  }
  try {
    return { signed, network, organisation: memberOf(signed.genesis, ORGANISATION) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const members = signed.genesis.organisations.map(({ id }) => id).join(', ');
    throw new ConfigError(
      'ORGANISATION',
      `${ORGANISATION} is no member of this network: give one of ${members}`,
    );
  }
}

/** @throws ConfigError GATEWAY_DEVICE */
export function readDevice({ GATEWAY_DEVICE }: Config): GatewayDevice {
  const text = secretOf('GATEWAY_DEVICE', GATEWAY_DEVICE);
  try {
    return gatewayDevice(JSON.parse(text));
  } catch {
    throw new ConfigError('GATEWAY_DEVICE', `${GATEWAY_DEVICE} does not hold {sig, enc}, two private JWKs`);
  }
}

/** @throws ConfigError IDENTITY_CERTIFICATE, IDENTITY_KEY, LEDGER_TLS_ROOT, LEDGER_PEER_ORGANISATION */
export function readLedgerOptions(
  config: Config,
  { channel, organisations }: SignedGenesis['genesis'],
): LedgerOptions {
  if (!organisations.some(({ id }) => id === config.ORGANISATION)) {
    throw new ConfigError('ORGANISATION', `${config.ORGANISATION} is no member of this network`);
  }
  const server = organisations.find(({ id }) => id === config.LEDGER_PEER_ORGANISATION);
  if (!server || !isCareMember(server.kind)) {
    throw new ConfigError(
      'LEDGER_PEER_ORGANISATION',
      `${config.LEDGER_PEER_ORGANISATION} has no peer: give the care member whose peer LEDGER_ENDPOINT is`,
    );
  }
  const certificate = textOf('IDENTITY_CERTIFICATE', config.IDENTITY_CERTIFICATE);
  const privateKey = secretOf('IDENTITY_KEY', config.IDENTITY_KEY);
  if (!isPair(certificate, privateKey)) {
    throw new ConfigError('IDENTITY_KEY', `${config.IDENTITY_KEY} is not the key of IDENTITY_CERTIFICATE`);
  }
  return {
    endpoint: config.LEDGER_ENDPOINT,
    tlsRoot: Buffer.from(textOf('LEDGER_TLS_ROOT', config.LEDGER_TLS_ROOT)),
    ...(config.LEDGER_SERVER_NAME !== undefined && { serverName: config.LEDGER_SERVER_NAME }),
    mspId: config.ORGANISATION,
    peerOrganisation: config.LEDGER_PEER_ORGANISATION,
    certificate,
    privateKey,
    channel,
    chaincode: config.CHAINCODE,
    deadlines: {
      evaluate: config.EVALUATE_MILLISECONDS,
      endorse: config.ENDORSE_MILLISECONDS,
      submit: config.SUBMIT_MILLISECONDS,
      commit: config.COMMIT_MILLISECONDS,
    },
  };
}

/** A file's text. @throws ConfigError naming the variable */
export function textOf(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(variable, `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** The text of a file that its owner alone may read. @throws ConfigError naming the variable */
export function secretOf(variable: string, path: string): string {
  const text = textOf(variable, path);
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new ConfigError(variable, `${path} is open to others: chmod 600 it`);
  }
  return text;
}

function isPair(certificate: string, privateKey: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return false;
  }
}

/**
 * The member whose gateway bears witness to releases without the ledger, if one is named.
 * @throws ConfigError EMERGENCY_WITNESS_URL
 */
export function readWitness(
  { EMERGENCY_WITNESS_URL: url, ORGANISATION }: Config,
  { organisations }: SignedGenesis['genesis'],
): string | undefined {
  if (url === undefined) return undefined;
  const member = organisations.find((one) => one.url === url);
  if (!member || member.id === ORGANISATION || !isCareMember(member.kind)) {
    throw new ConfigError(
      'EMERGENCY_WITNESS_URL',
      `${url} is no other hospital’s or regulator’s: give one as the genesis document has it`,
    );
  }
  return member.id;
}
