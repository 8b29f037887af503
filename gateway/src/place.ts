import type { Member } from '@chartkey/vocabulary';
import { type Config, ConfigError } from './config.ts';
import type { Place } from './http/index.ts';
import type { Pinned } from './pinned.ts';
import { secretOf, textOf } from './pinned.ts';

const loopback = /^(?:127\.[0-9.]+|::1)$/;

/**
 * Where the REST interface listens. A demo network's gateway listens on loopback, on the port that its
 * members' genesis document names: its URL is what assertions and proofs are addressed to.
 * @throws ConfigError HOST, METRICS_HOST, PORT, TLS_CERTIFICATE, TLS_KEY
 */
export function placeOf(config: Config, { signed, organisation }: Pinned): Place {
  const { HOST, METRICS_HOST, PORT, TLS_CERTIFICATE, TLS_KEY } = config;
  const { demo, ledger } = signed.genesis;
  const registered = portOf(organisation);
  for (const [variable, host] of Object.entries({ HOST, METRICS_HOST })) {
    if (!demo || loopback.test(host)) continue;
    throw new ConfigError(
      variable,
      `a demo network’s gateway listens on loopback only: give 127.0.0.1, not ${host}`,
    );
  }
  if (demo && PORT !== undefined && PORT !== registered) {
    throw new ConfigError(
      'PORT',
      `the genesis document names port ${registered} for ${organisation.id}: give that, not ${PORT}`,
    );
  }
  if ((TLS_CERTIFICATE === undefined) !== (TLS_KEY === undefined)) {
    throw new ConfigError(
      TLS_KEY === undefined ? 'TLS_KEY' : 'TLS_CERTIFICATE',
      'goes with the other one: give both or none',
    );
  }
  // A proxy on this machine, or one that is named, may serve TLS in its place.
  if (!demo && TLS_KEY === undefined && !loopback.test(HOST) && config.TRUSTED_PROXIES.length === 0) {
    throw new ConfigError(
      'TLS_CERTIFICATE',
      `outside a demo network ${HOST} is served with TLS: give one, or name TRUSTED_PROXIES`,
    );
  }
  const place = { host: HOST, port: PORT ?? registered, ledger };
  if (TLS_CERTIFICATE === undefined || TLS_KEY === undefined) return place;
  const cert = textOf('TLS_CERTIFICATE', TLS_CERTIFICATE);
  return { ...place, tls: { cert, key: secretOf('TLS_KEY', TLS_KEY) } };
}

/** Where the metrics page listens. */
export function metricsPlaceOf({ METRICS_HOST, METRICS_PORT }: Config, rest: Place): Place {
  return { host: METRICS_HOST, port: METRICS_PORT ?? rest.port + 100 };
}

function portOf({ url }: Member): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
