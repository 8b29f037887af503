import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';

/** Everything about the HTTP side that an operator or a test may set. */
export interface HttpSettings {
  log: Logger;
  metrics: Metrics;
  /** bytes of a record's content at most */
  uploadLimit: number;
  /** milliseconds without a byte of progress before a slow client is cut */
  idleMilliseconds: number;
  /** milliseconds within which a request's headers must have arrived */
  headersMilliseconds: number;
  /** milliseconds a connection may rest between two requests */
  keepAliveMilliseconds: number;
  /** milliseconds that requests in flight get when the gateway stops */
  stopMilliseconds: number;
  socketsPerAddress: number;
  /** Limits a minute. */
  statementsPerSigner: number;
  revocationsPerSigner: number;
  statementsPerAddress: number;
  tokensPerAddress: number;
  requestsPerCaller: number;
  requestsPerAddress: number;
  webhooksPerCaller: number;
  /** words about emergencies that one device has kept */
  reasonsPerCaller: number;
  /** aborts when the gateway stops, so that streams end and hold nobody up */
  stopping?: AbortSignal;
  /** origins of browser apps that may call, `https://app.example`; none by default */
  appOrigins: readonly string[];
  /** addresses of reverse proxies whose X-Forwarded-For is believed; none by default */
  trustedProxies: readonly string[];
}

export const httpDefaults: Omit<HttpSettings, 'log' | 'metrics'> = {
  uploadLimit: 4 * 1024 ** 3,
  idleMilliseconds: 30_000,
  headersMilliseconds: 7_000,
  keepAliveMilliseconds: 5_000,
  stopMilliseconds: 10_000,
  socketsPerAddress: 500,
  statementsPerSigner: 60,
  revocationsPerSigner: 60,
  statementsPerAddress: 600,
  tokensPerAddress: 600,
  requestsPerCaller: 120_000,
  requestsPerAddress: 240_000,
  webhooksPerCaller: 10,
  reasonsPerCaller: 300,
  appOrigins: [],
  trustedProxies: [],
};
