import { type Consortium, careMembers } from '../consortium.ts';
import { gatewayFiles, HOME, VOLUMES } from './places.ts';
import { after, onceHealthy, ours, type Service, type Services, step } from './service.ts';

/**
 * What runs before the rest, and ends: an owner for the volumes, keys and settings into them, and, once the
 * nodes run, the channel with its chaincode and members. `demo` tells the story on all of it.
 */
export function setupServices(consortium: Consortium, volumes: string[]): Services {
  const all = ['setup', ...volumes].map((name) => `${name}:${VOLUMES}/${name}`);
  const main = ['node', 'network/dist/containers/main.js'];
  const nodes = careMembers(consortium).flatMap(({ label }) =>
    ['orderer', 'peer', 'chaincode'].map((kind) => `${kind}-${label}`),
  );
  const gateways = consortium.members.filter(({ gateway }) => gateway);
  return {
    // A new volume is root's: this alone runs as root, without a network and with nothing but chown.
    folders: {
      ...step,
      profiles: ['consortium', 'observability'],
      user: '0:0',
      cap_add: ['CHOWN'],
      network_mode: 'none',
      command: ['sh', '-c', `chown 1000:1000 ${VOLUMES}/*`],
      volumes: all,
    },
    keys: {
      ...step,
      network_mode: 'none',
      command: [...main, 'keys'],
      volumes: [`setup:${HOME}`, ...all.slice(1)],
      depends_on: after('folders'),
    },
    network: {
      ...step,
      command: [...main, 'network'],
      volumes: [`setup:${HOME}`],
      networks: { consortium: {} },
      depends_on: onceHealthy(...nodes),
    },
    demo: demo(gateways.map(({ label }) => `gateway-${label}`)),
  };
}

function demo(gateways: string[]): Service {
  return {
    ...step,
    ...ours('setup'),
    profiles: ['demo'],
    command: ['node', 'network/dist/demo/tell.js'],
    environment: { DATA_DIR: HOME, NODE_EXTRA_CA_CERTS: `${HOME}/${gatewayFiles.tlsRoots}` },
    volumes: [`setup:${HOME}:ro`],
    networks: { consortium: {} },
    depends_on: onceHealthy(...gateways),
  };
}
