/** A service of docker-compose.yaml, as far as we use the compose specification. */
export interface Service {
  /** YAML’s merge: the name of what the service has in common with others */
  '<<': 'hardened';
  profiles: string[];
  image: string;
  build?: { context: string; target: string };
  user?: string;
  cap_add?: string[];
  tmpfs?: string[];
  restart?: string;
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  network_mode?: string;
  networks?: Record<string, { ipv4_address: string } | Record<string, never>>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number; start_period: string };
  stop_grace_period?: string;
}

export type Services = Record<string, Service>;

/** What every service is denied, and how it ends. One that needs more says so. */
export const hardened = {
  restart: 'unless-stopped',
  init: true,
  user: '1000:1000',
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  tmpfs: ['/tmp'],
};

/** Fabric's images: https://github.com/hyperledger/fabric/releases; one version for nodes and tools. */
export const FABRIC = '3.1.5';
export const images = {
  orderer: `hyperledger/fabric-orderer:${FABRIC}`,
  peer: `hyperledger/fabric-peer:${FABRIC}`,
  authority: 'hyperledger/fabric-ca:1.5.17',
  postgres: 'postgres:17.6-bookworm',
  store: 'versity/versitygw:v1.8.0',
  prometheus: 'prom/prometheus:v3.5.0',
} as const;

const VERSION = '0.1.0';
export const ours = (target: 'setup' | 'chaincode' | 'gateway') => ({
  image: `chartkey-${target}:${VERSION}`,
  build: { context: '.', target },
});

const profiles: string[] = ['consortium'];
/** A service that runs as long as the consortium does. */
export const lasting = { '<<': 'hardened', profiles } as const satisfies Partial<Service>;
/** A step of the setup: runs at each `up`, and ends. */
export const step = { '<<': 'hardened', ...ours('setup'), profiles, restart: 'no' } as const;

export const after = (...names: string[]) => depend(names, 'service_completed_successfully');
export const onceHealthy = (...names: string[]) => depend(names, 'service_healthy');

function depend(names: string[], condition: string): NonNullable<Service['depends_on']> {
  return Object.fromEntries(names.map((name) => [name, { condition }]));
}

export const checked = (...test: string[]): NonNullable<Service['healthcheck']> => ({
  test: ['CMD', ...test],
  interval: '5s',
  timeout: '5s',
  retries: 12,
  start_period: '60s',
});
