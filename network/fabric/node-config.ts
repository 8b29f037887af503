import { join } from 'node:path';
import { ordererMspId } from '../consortium.ts';
import { writeDurably } from '../durable-file.ts';
import { type CareNode, type FabricPlan } from './plan.ts';
import type { Programs } from './programs.ts';

/*
 * What a node's own program reads: core.yaml and orderer.yaml (JSON is YAML). Only what differs from a
 * program's defaults, or has none. Setting by setting: Fabric's sampleconfig.
 */

/** JSON lines, without what gRPC says of every connection, and without the values that answers differ in. */
export const nodeLogging = {
  FABRIC_LOGGING_SPEC: 'info:grpc=error:comm.grpc.server=warning:gateway.responsechecker=error',
  FABRIC_LOGGING_FORMAT: 'json',
};

/** What nobody but the node itself calls. */
const INSIDE = '127.0.0.1';
const SOFTWARE_KEYS = { Default: 'SW', SW: { Hash: 'SHA2', Security: 256 } };

/** A peer's core.yaml; the `peer` command of its administrator reads it too. */
export function peerConfig(
  plan: FabricPlan,
  { member, ports }: CareNode,
  { ccaasBuilder }: Pick<Programs, 'ccaasBuilder'>,
): object {
  const folder = plan.peerFolder(member);
  const tls = join(folder, 'tls');
  const data = plan.peerData(member);
  const address = plan.address('peer', member);
  return {
    peer: {
      id: `peer0.${member.label}`,
      networkId: plan.consortium.channel,
      listenAddress: `${plan.places.listen}:${plan.listensAt(ports.peer)}`,
      address,
      chaincodeListenAddress: `${INSIDE}:${ports.peerChaincode}`,
      localMspId: member.id,
      mspConfigPath: join(folder, 'msp'),
      fileSystemPath: data,
      BCCSP: SOFTWARE_KEYS,
      // An endorsement must not be kept back for long: the proposal’s time is ledger time.
      authentication: { timewindow: '60s' },
      tls: {
        enabled: true,
        clientAuthRequired: false,
        cert: { file: join(tls, 'server.crt') },
        key: { file: join(tls, 'server.key') },
        rootcert: { file: join(tls, 'ca.crt') },
      },
      // One endorser that hangs must leave time to ask others within a gateway’s 15 s.
      gateway: { enabled: true, endorsementTimeout: '4s', broadcastTimeout: '5s', dialTimeout: '4s' },
      gossip: {
        bootstrap: address,
        endpoint: address,
        externalEndpoint: address,
        useLeaderElection: false,
        orgLeader: true,
        // Peers know each other only once they have joined: with the default (25 s) endorsement fails until then.
        reconnectInterval: '2s',
        // A peer that has fallen silent is asked for endorsements until then (default: 25 s).
        aliveTimeInterval: '2s',
        aliveExpirationTimeout: '10s',
        state: { enabled: false },
        pvtData: { implicitCollectionDisseminationPolicy: { requiredPeerCount: 0, maxPeerCount: 1 } },
      },
      deliveryclient: {
        blockGossipEnabled: false,
        policy: 'cluster',
        minimalReconnectInterval: '100ms',
        // Retries slow down to this; by default to one an hour, so that a long outage would outlast its cause.
        reConnectBackoffThreshold: '2s',
        // Blocks come from one orderer. One that hangs, or is behind, is left after this (default: 30 s).
        blockCensorshipTimeoutKey: '2s',
      },
      handlers: {
        authFilters: [{ name: 'DefaultAuth' }, { name: 'ExpirationCheck' }, { name: 'TimeWindowCheck' }],
        decorators: [{ name: 'DefaultDecorator' }],
        endorsers: { escc: { name: 'DefaultEndorsement' } },
        validators: { vscc: { name: 'DefaultValidation' } },
      },
      discovery: {
        enabled: true,
        authCacheEnabled: true,
        authCacheMaxSize: 1000,
        authCachePurgeRetentionRatio: 0.75,
      },
      limits: { concurrency: { endorserService: 2500, deliverService: 2500, gatewayService: 500 } },
      maxRecvMsgSize: 104_857_600,
      maxSendMsgSize: 104_857_600,
      client: { connTimeout: '3s' },
    },
    vm: { endpoint: '' },
    chaincode: {
      mode: 'net',
      // The node shim ends on such a message.
      keepalive: 0,
      installTimeout: '60s',
      startuptimeout: '30s',
      executetimeout: '30s',
      externalBuilders: [{ name: 'ccaas', path: ccaasBuilder }],
      system: { _lifecycle: 'enable', cscc: 'enable', lscc: 'enable', qscc: 'enable' },
      logging: { level: 'warning', shim: 'warning' },
      runtimeParams: {
        useWriteBatch: true,
        maxSizeWriteBatch: 1000,
        useGetMultipleKeys: true,
        maxSizeGetMultipleKeys: 1000,
      },
    },
    ledger: {
      state: { stateDatabase: 'goleveldb', totalQueryLimit: 100_000 },
      history: { enableHistoryDatabase: false },
      pvtdataStore: {
        collElgProcMaxDbBatchSize: 5000,
        collElgProcDbBatchesInterval: 1000,
        deprioritizedDataReconcilerInterval: '60m',
        purgeInterval: 100,
      },
      snapshots: { rootDir: join(data, 'snapshots') },
    },
    operations: { listenAddress: `${INSIDE}:${plan.places.operations}`, tls: { enabled: false } },
    metrics: { provider: 'disabled' },
  };
}

/** An orderer's orderer.yaml. Its main port serves the other orderers too. */
export function ordererConfig(plan: FabricPlan, { member, ports }: CareNode): object {
  const folder = plan.ordererFolder(member);
  const tls = join(folder, 'tls');
  const data = plan.path('data', `orderer-${member.label}`);
  const [certificate, privateKey, root] = ['server.crt', 'server.key', 'ca.crt'].map((leaf) =>
    join(tls, leaf),
  );
  const roots = plan.nodes.map((node) => join(plan.ordererFolder(node.member), 'tls', 'ca.crt'));
  return {
    General: {
      ListenAddress: plan.places.listen,
      ListenPort: plan.listensAt(ports.orderer),
      TLS: {
        Enabled: true,
        PrivateKey: privateKey,
        Certificate: certificate,
        RootCAs: [root],
        ClientAuthRequired: false,
      },
      Keepalive: { ServerMinInterval: '10s', ServerInterval: '7200s', ServerTimeout: '20s' },
      Backoff: { BaseDelay: '100ms', Multiplier: 1.6, MaxDelay: '2s' },
      MaxRecvMsgSize: 104_857_600,
      MaxSendMsgSize: 104_857_600,
      Cluster: {
        SendBufferSize: 100,
        ClientCertificate: certificate,
        ClientPrivateKey: privateKey,
        RootCAs: roots,
        ReplicationPolicy: 'consensus',
        // A change of leaders waits for what every orderer answers, and one may hang (defaults: 5 s, 7 s, 5 s).
        DialTimeout: '2s',
        RPCTimeout: '3s',
        ReplicationPullTimeout: '2s',
      },
      LocalMSPDir: join(folder, 'msp'),
      LocalMSPID: ordererMspId(member),
      BCCSP: SOFTWARE_KEYS,
      Authentication: { TimeWindow: '60s' },
    },
    FileLedger: { Location: join(data, 'ledger') },
    Operations: { ListenAddress: `${INSIDE}:${plan.places.operations}` },
    Metrics: { Provider: 'disabled' },
    Admin: {
      ListenAddress: `${plan.places.listen}:${ports.ordererAdmin}`,
      TLS: {
        Enabled: true,
        Certificate: certificate,
        PrivateKey: privateKey,
        RootCAs: [root],
        ClientAuthRequired: true,
        ClientRootCAs: [root],
      },
    },
    ChannelParticipation: { Enabled: true, MaxRequestBodySize: '1 MB' },
    Consensus: { WALDir: join(data, 'wal'), SnapDir: join(data, 'snapshot') },
  };
}

/** Writes what a member's orderer and peer read. @returns their folders, for FABRIC_CFG_PATH */
export function writeNodeConfigs(
  plan: FabricPlan,
  node: CareNode,
  programs: Pick<Programs, 'ccaasBuilder'>,
): { orderer: string; peer: string } {
  const write = (name: string, leaf: string, config: object) => {
    const folder = plan.path('config', `${name}-${node.member.label}`);
    writeDurably(join(folder, leaf), `${JSON.stringify(config, null, 2)}\n`, 0o600);
    return folder;
  };
  return {
    orderer: write('orderer', 'orderer.yaml', ordererConfig(plan, node)),
    peer: write('peer', 'core.yaml', peerConfig(plan, node, programs)),
  };
}
