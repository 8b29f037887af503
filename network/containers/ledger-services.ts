import { type Consortium, careMembers, type Member } from '../consortium.ts';
import { nodeLogging } from '../fabric/node-config.ts';
import { FabricPlan } from '../fabric/plan.ts';
import { authorityName } from './authority.ts';
import { HOME, nodePlaces, ports } from './places.ts';
import { after, checked, images, lasting, ours, type Service, type Services } from './service.ts';

/** Each care member's orderer, peer and chaincode, and every member's certificate authority. */
export function ledgerServices(consortium: Consortium): Services {
  const plan = new FabricPlan(HOME, consortium, nodePlaces);
  const services: Services = {};
  for (const member of careMembers(consortium)) {
    const { label } = member;
    services[`orderer-${label}`] = orderer(plan, member);
    services[`peer-${label}`] = peer(plan, member);
    services[`chaincode-${label}`] = {
      ...lasting,
      ...ours('chaincode'),
      ...common,
      volumes: [`chaincode-${label}:${HOME}:ro`],
    };
  }
  for (const member of consortium.members) services[authorityName(member)] = authority(member);
  return services;
}

const common = { networks: { consortium: {} }, depends_on: after('keys') };

/** Asks a node's operations service; Fabric's images have bash, and nothing that speaks HTTP. */
const nodeCheck = checked(
  ...['bash', '-c'],
  [
    `exec 3<>/dev/tcp/127.0.0.1/${ports.operations}`,
    "printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3",
    "grep -q '200 OK' <&3",
  ].join(' && '),
);

function orderer(plan: FabricPlan, { label }: Member): Service {
  return {
    ...lasting,
    image: images.orderer,
    command: ['orderer'],
    environment: { FABRIC_CFG_PATH: plan.path('config', `orderer-${label}`), ...nodeLogging },
    volumes: [`orderer-${label}:${HOME}`],
    ...common,
    healthcheck: nodeCheck,
  };
}

function peer(plan: FabricPlan, { label }: Member): Service {
  return {
    ...lasting,
    image: images.peer,
    command: ['peer', 'node', 'start'],
    environment: { FABRIC_CFG_PATH: plan.path('config', `peer-${label}`), ...nodeLogging },
    volumes: [`peer-${label}:${HOME}`],
    ...common,
    healthcheck: nodeCheck,
  };
}

function authority(member: Member): Service {
  return {
    ...lasting,
    image: images.authority,
    command: ['fabric-ca-server', 'start'],
    environment: { FABRIC_CA_SERVER_HOME: HOME },
    volumes: [`${authorityName(member)}:${HOME}`],
    ...common,
    healthcheck: checked(
      ...['fabric-ca-client', 'getcainfo', '--url', `https://localhost:${ports.authority}`],
      ...['--tls.certfiles', `${HOME}/tls-root.crt`, '--home', '/tmp/client'],
    ),
  };
}
