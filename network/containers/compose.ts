import { type Consortium, DEMO_CONSORTIUM } from '../consortium.ts';
import { ledgerServices } from './ledger-services.ts';
import { memberServices } from './member-services.ts';
import { range, subnet } from './places.ts';
import { hardened, type Service, type Services } from './service.ts';
import { setupServices } from './setup-services.ts';

/**
 * docker-compose.yaml: the consortium of `network/consortium.ts` in containers. Written by
 * `npm run documents`.
 */
export function composeFile(consortium: Consortium = DEMO_CONSORTIUM): object {
  const lasting: Services = { ...ledgerServices(consortium), ...memberServices(consortium) };
  const volumes = [...new Set(Object.values(lasting).flatMap(namedVolumes))];
  const services = { ...setupServices(consortium, volumes), ...lasting };
  return {
    name: 'chartkey',
    'x-hardened': hardened,
    services,
    networks: {
      consortium: { ipam: { config: [{ subnet, ip_range: range }] } },
      // nothing here is reached from outside, nor reaches out
      storage: { internal: true },
    },
    volumes: Object.fromEntries(['setup', ...volumes].map((name) => [name, {}])),
  };
}

/** The named volumes of a service; what begins with a dot or a slash is a path of this machine. */
function namedVolumes({ volumes = [] }: Service): string[] {
  return volumes.map((one) => one.split(':')[0]!).filter((name) => /^[a-z]/.test(name));
}

/** What Prometheus reads: the metrics page of each gateway. */
export { prometheusConfig } from './member-services.ts';
