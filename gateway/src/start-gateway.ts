import { type Config, ConfigError } from './config.ts';
import {
  exitAfter,
  type HttpSettings,
  httpDefaults,
  type Listening,
  listen,
  makeApp,
  makeLogger,
  metricsApp,
  type Place,
  refusingCrowds,
} from './http/index.ts';
import { makeMetrics } from './metrics.ts';
import { openGateway } from './open-gateway.ts';
import { readPinned } from './pinned.ts';
import { metricsPlaceOf, placeOf } from './place.ts';

/** A gateway that listens. */
export interface RunningGateway {
  network: string;
  /** which kind of ledger it stands on: it is to be seen wherever the gateway shows itself */
  ledger: string;
  /** where it listens, e.g. `http://127.0.0.1:7001` */
  url: string;
  metricsUrl: string;
  /** resolves when the ledger shows the pinned network; rejects with a ConfigError when it shows another */
  ready: Promise<void>;
  /** Lets what is in flight finish, then closes everything. */
  stop(): Promise<void>;
  /** The same, and ends this process once its log is written. */
  end(code: number): Promise<never>;
}

/**
 * Opens a gateway and serves it. It listens before the ledger is there and says so in its health.
 * @throws ConfigError in one line that names the variable to change
 */
export async function startGateway(config: Config): Promise<RunningGateway> {
  const pinned = readPinned(config);
  const place = placeOf(config, pinned);
  const metricsPlace = metricsPlaceOf(config, place);
  const log = makeLogger(config.LOG_LEVEL);
  const metrics = makeMetrics({ process: true });
  const { gateway, ready } = await openGateway(config, pinned, { log, metrics });
  const stopping = new AbortController();
  const settings: HttpSettings = { ...httpSettings(config), log, metrics, stopping: stopping.signal };
  const listening: Listening[] = [];
  const stop = async () => {
    stopping.abort();
    await Promise.all(listening.map((one) => one.stop()));
    await gateway.close();
  };
  try {
    const app = refusingCrowds(gateway, settings, makeApp(gateway, settings));
    listening.push(await taking('PORT', place, () => listen(app, place, settings)));
    const page = metricsApp(metrics, settings);
    listening.push(await taking('METRICS_PORT', metricsPlace, () => listen(page, metricsPlace, settings)));
  } catch (error) {
    await stop();
    throw error;
  }
  const [rest, measured] = listening;
  return {
    network: gateway.network,
    ledger: pinned.signed.genesis.ledger,
    url: urlOf(place, rest?.port ?? place.port),
    metricsUrl: `${urlOf(metricsPlace, measured?.port ?? metricsPlace.port)}/metrics`,
    ready,
    stop,
    end: async (code) => {
      await stop();
      return exitAfter(log, code);
    },
  };
}

function httpSettings(config: Config): Omit<HttpSettings, 'log' | 'metrics'> {
  return {
    ...httpDefaults,
    uploadLimit: config.MAX_UPLOAD_BYTES,
    idleMilliseconds: config.IDLE_SECONDS * 1000,
    headersMilliseconds: config.HEADERS_SECONDS * 1000,
    keepAliveMilliseconds: config.KEEP_ALIVE_SECONDS * 1000,
    stopMilliseconds: config.STOP_SECONDS * 1000,
    socketsPerAddress: config.SOCKETS_PER_ADDRESS,
    statementsPerSigner: config.STATEMENTS_PER_SIGNER,
    revocationsPerSigner: config.REVOCATIONS_PER_SIGNER,
    statementsPerAddress: config.STATEMENTS_PER_ADDRESS,
    tokensPerAddress: config.TOKENS_PER_ADDRESS,
    requestsPerCaller: config.REQUESTS_PER_CALLER,
    requestsPerAddress: config.REQUESTS_PER_ADDRESS,
    webhooksPerCaller: config.WEBHOOKS_PER_CALLER,
    appOrigins: config.APP_ORIGINS,
    trustedProxies: config.TRUSTED_PROXIES,
  };
}

async function taking(variable: string, place: Place, work: () => Promise<Listening>): Promise<Listening> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is in use: stop what uses it' : `cannot be listened on (${code})`;
    throw new ConfigError(variable, `port ${place.port} of ${place.host} ${why}`);
  }
}

function urlOf({ host, tls }: Place, port: number): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
