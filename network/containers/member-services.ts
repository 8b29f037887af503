import { type Consortium, isCareMember, type Member } from '../consortium.ts';
import { FabricPlan } from '../fabric/plan.ts';
import {
  GATEWAY_DATA,
  gatewayAddress,
  gatewayFiles,
  HOME,
  nodePlaces,
  ports,
  publishedPort,
} from './places.ts';
import {
  after,
  checked,
  images,
  lasting,
  onceHealthy,
  ours,
  type Service,
  type Services,
} from './service.ts';
import { hasIndex, hasStore, STORE_PORT, storageFiles } from './storage.ts';

/** Each member's gateway and what it stores in, and Prometheus. */
export function memberServices(consortium: Consortium): Services {
  const members = consortium.members.filter(({ gateway }) => gateway);
  const services: Services = {};
  for (const member of members) services[`gateway-${member.label}`] = gateway(consortium, member);
  for (const member of members.filter(hasStore)) services[`store-${member.label}`] = store(member);
  return { ...services, postgres, prometheus };
}

function gateway(consortium: Consortium, member: Member): Service {
  const { id, label } = member;
  const plan = new FabricPlan(HOME, consortium, nodePlaces);
  const regulator = consortium.members.find(({ kind }) => kind === 'regulator')!;
  const served = isCareMember(member) ? member : regulator;
  const stores = [...(hasIndex(member) ? ['postgres'] : []), ...(hasStore(member) ? [`store-${label}`] : [])];
  return {
    ...lasting,
    ...ours('gateway'),
    environment: {
      ...gatewaySettings,
      ORGANISATION: id,
      LEDGER_ENDPOINT: plan.address('peer', served),
      LEDGER_PEER_ORGANISATION: served.id,
      ...storageSettings(member),
    },
    volumes: [`gateway-${label}:${GATEWAY_DATA}`, `gateway-${label}-keys:${HOME}`],
    ports: [`127.0.0.1:${publishedPort(member)}:${ports.gateway}`],
    networks: {
      consortium: { ipv4_address: gatewayAddress(member, consortium) },
      ...(stores.length > 0 && { storage: {} }),
    },
    depends_on: { ...after('network'), ...onceHealthy(...stores) },
    stop_grace_period: '20s',
  };
}

/** Where each gateway finds what is its own; the rest its image says. */
const gatewaySettings = {
  DATA_DIR: GATEWAY_DATA,
  GENESIS_FILE: `${HOME}/${gatewayFiles.genesis}`,
  LEDGER_TLS_ROOT: `${HOME}/${gatewayFiles.ledgerRoot}`,
  IDENTITY_CERTIFICATE: `${HOME}/${gatewayFiles.identityCertificate}`,
  IDENTITY_KEY: `${HOME}/${gatewayFiles.identityKey}`,
  GATEWAY_DEVICE: `${HOME}/${gatewayFiles.device}`,
  VAULT_KEY_DIR: `${HOME}/${gatewayFiles.vaultKeys}`,
  TLS_CERTIFICATE: `${HOME}/${gatewayFiles.tlsCertificate}`,
  TLS_KEY: `${HOME}/${gatewayFiles.tlsKey}`,
  // for the image's health check, which calls the gateway as others do
  NODE_EXTRA_CA_CERTS: `${HOME}/${gatewayFiles.tlsRoots}`,
};

function storageSettings(member: Member): Record<string, string> {
  const { label } = member;
  return {
    ...(hasIndex(member) && { DATABASE_URL_FILE: `${HOME}/${storageFiles.databaseUrl}` }),
    ...(hasStore(member) && {
      S3_BUCKET: label,
      S3_ENDPOINT: `http://store-${label}:${STORE_PORT}`,
      S3_CREDENTIALS_FILE: `${HOME}/${storageFiles.s3Credentials}`,
    }),
  };
}

/** An S3-compatible store for one hospital's sealed payloads; its image has a shell and BusyBox. */
function store({ label }: Member): Service {
  const serve = `exec /app/versitygw --port :${STORE_PORT} posix ${HOME}/data`;
  return {
    ...lasting,
    image: images.store,
    entrypoint: ['sh', '-c', `. ${HOME}/credentials && ${serve}`],
    volumes: [`store-${label}:${HOME}`],
    networks: { storage: {} },
    depends_on: after('keys'),
    healthcheck: checked('nc', '-z', '127.0.0.1', `${STORE_PORT}`),
  };
}

const SCRIPTS = '/docker-entrypoint-initdb.d';
const postgres: Service = {
  ...lasting,
  image: images.postgres,
  environment: { POSTGRES_PASSWORD_FILE: `${SCRIPTS}/password`, PGDATA: '/var/lib/postgresql/data' },
  volumes: ['postgres:/var/lib/postgresql/data', `postgres-keys:${SCRIPTS}:ro`],
  tmpfs: ['/tmp', '/var/run/postgresql'],
  networks: { storage: {} },
  depends_on: after('keys'),
  // over TCP, which answers only after the scripts of the first start
  healthcheck: checked('pg_isready', '--host', '127.0.0.1', '--username', 'postgres'),
};

const CONFIG = '/etc/prometheus/prometheus.yml';
const prometheus: Service = {
  ...lasting,
  profiles: ['observability'],
  image: images.prometheus,
  command: [
    `--config.file=${CONFIG}`,
    '--storage.tsdb.path=/prometheus',
    '--storage.tsdb.retention.time=15d',
  ],
  volumes: ['prometheus:/prometheus', `./network/containers/prometheus.yaml:${CONFIG}:ro`],
  ports: ['127.0.0.1:9090:9090'],
  networks: { consortium: {} },
  depends_on: after('folders'),
  healthcheck: checked('wget', '-q', '--spider', 'http://127.0.0.1:9090/-/healthy'),
};

/** prometheus.yaml: the metrics page of each gateway. */
export function prometheusConfig({ members }: Consortium): object {
  const targets = members.filter(({ gateway }) => gateway);
  return {
    global: { scrape_interval: '15s' },
    scrape_configs: [
      {
        job_name: 'gateways',
        static_configs: targets.map(({ id, label }) => ({
          targets: [`gateway-${label}:${ports.metrics}`],
          labels: { organisation: id },
        })),
      },
    ],
  };
}
