import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, type Gateway, hash, type Network } from '@hyperledger/fabric-gateway';
import { msp } from '@hyperledger/fabric-protos';
import { messageSigner } from './signer.ts';

/** Milliseconds that each step may take. */
export interface Deadlines {
  evaluate: number;
  endorse: number;
  submit: number;
  commit: number;
  /** to learn by its id what became of an envelope that may have been accepted */
  findOut: number;
}

export interface LedgerOptions {
  /** `host:port` of the organisation's own peer */
  endpoint: string;
  /** PEM of the roots that the peer's TLS certificate is issued under */
  tlsRoot: Buffer;
  /** name in the peer's TLS certificate, when it differs from the endpoint's host */
  serverName?: string;
  mspId: string;
  /** MSP id of the peer's organisation, when it is not the gateway's own */
  peerOrganisation?: string;
  /** PEM of the gateway's Fabric identity */
  certificate: string;
  /** PEM of that certificate's P-256 key */
  privateKey: string;
  channel: string;
  chaincode: string;
  deadlines?: Partial<Deadlines>;
}

/** An open way to one peer, as the ledger's verbs share it. */
export interface Connection {
  gateway: Gateway;
  network: Network;
  contract: Contract;
  channel: string;
  /** MSP id of the peer's organisation */
  peerOrganisation: string;
  /** the serialised identity that requests are signed as */
  creator: Uint8Array;
  deadlines: Deadlines;
  /** aborts when the connection is closed for good */
  closed: AbortSignal;
  close(): void;
}

const defaults: Deadlines = {
  evaluate: 5_000,
  endorse: 15_000,
  submit: 5_000,
  commit: 30_000,
  findOut: 10_000,
};

const channelOptions = {
  // Fabric peers close connections that ping more often than every 60 s (peer.keepalive.minInterval).
  'grpc.keepalive_time_ms': 70_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // A peer that comes back must be found again within a submission's patience.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Fabric's own bound of a message, and so of a block.
  'grpc.max_receive_message_length': 100 * 1024 * 1024,
  'grpc.max_send_message_length': 100 * 1024 * 1024,
};

/**
 * Opens a connection; nothing is sent yet, so a peer that is down shows at the first verb.
 * @throws Error when the key does not belong to the certificate or is not a P-256 key
 */
export function openConnection(options: LedgerOptions): Connection {
  const signer = messageSigner(options.privateKey);
  const identity = { mspId: options.mspId, credentials: Buffer.from(options.certificate) };
  assertPair(options);
  const client = new Client(options.endpoint, credentials.createSsl(options.tlsRoot), {
    ...channelOptions,
    ...(options.serverName === undefined
      ? {}
      : {
          'grpc.ssl_target_name_override': options.serverName,
          'grpc.default_authority': options.serverName,
        }),
  });
  const deadlines = { ...defaults, ...options.deadlines };
  const within = (step: keyof Deadlines) => () => ({ deadline: Date.now() + deadlines[step] });
  const gateway = connect({
    client,
    identity,
    signer,
    hash: hash.none,
    evaluateOptions: within('evaluate'),
    endorseOptions: within('endorse'),
    submitOptions: within('submit'),
    commitStatusOptions: within('commit'),
  });
  const network = gateway.getNetwork(options.channel);
  const creator = new msp.SerializedIdentity();
  creator.setMspid(identity.mspId);
  creator.setIdBytes(identity.credentials);
  const closing = new AbortController();
  return {
    gateway,
    network,
    contract: network.getContract(options.chaincode),
    channel: options.channel,
    peerOrganisation: options.peerOrganisation ?? options.mspId,
    creator: creator.serializeBinary(),
    deadlines,
    closed: closing.signal,
    close() {
      closing.abort();
      gateway.close();
      client.close();
    },
  };
}

/**
 * Evaluates on a peer of the organisation that we are connected to. Left to itself, Fabric asks another
 * organisation's when the own chaincode is down: one that may be behind, and whose word alone is worth nothing.
 */
export function onOwnPeer(
  { peerOrganisation }: Connection,
  contract: Contract,
  query: string,
  args: (string | Uint8Array)[],
): Promise<Uint8Array> {
  return contract.evaluate(query, { arguments: args, endorsingOrganizations: [peerOrganisation] });
}

function assertPair({ certificate, privateKey }: LedgerOptions): void {
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))) {
    throw new Error('the ledger identity’s private key does not belong to its certificate');
  }
}
