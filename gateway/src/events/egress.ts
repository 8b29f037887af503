import { isIP } from 'node:net';
import { reachOf } from '../release/addresses.ts';
import { CallFailed } from '../release/answer-body.ts';
import {
  type Destination,
  DestinationRefused,
  hostIn,
  onlyAddress,
  type Resolve,
  resolveByDns,
} from '../release/destinations.ts';
import { type Answer, agentTo, exchange, wholeAnswer } from '../release/exchange.ts';

/** Milliseconds that a receiver has for its whole answer, and bytes it may have. */
const PATIENCE = 10_000;
const ANSWER_BYTES = 4096;
/** Below this only HTTPS's own port is called: what else listens there speaks no HTTP. */
const FIRST_FREE_PORT = 1024;

/**
 * The way out for webhooks, apart from the one between gateways: any https URL whose host is public, by the one
 * address its name was looked up to, without redirects; each call over a connection of its own, so that a name
 * is looked up afresh. In a demo network also loopback, in plain http too; private addresses in none.
 */
export class Egress {
  constructor(
    private readonly demo: boolean,
    private readonly resolve: Resolve = resolveByDns,
  ) {}

  /** Refuses what can be refused without looking a name up. @throws DestinationRefused */
  check(url: string): void {
    this.destinationOf(url);
  }

  /** Posts a compact JWS. @throws DestinationRefused, CallFailed */
  async post(url: string, jws: string, stopping: AbortSignal): Promise<Answer> {
    const destination = this.destinationOf(url);
    const { pathname, search } = new URL(url);
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE)]);
    const agent = agentTo(destination, (place) => this.addressOf(place), { keepAlive: false });
    const headers = { 'content-type': 'application/jose', 'content-length': String(Buffer.byteLength(jws)) };
    const sent = { method: 'POST' as const, path: `${pathname}${search}`, headers, body: jws };
    try {
      return await wholeAnswer(await exchange(destination, agent, sent, signal), ANSWER_BYTES, signal);
    } catch (error) {
      throw signal.aborted ? new CallFailed('no answer in time', { cause: error }) : error;
    } finally {
      agent.destroy();
    }
  }

  private async addressOf({ host, secure }: Destination) {
    return onlyAddress(await this.resolve(host), (address) => this.checkAddress(address, secure));
  }

  private destinationOf(text: string): Destination {
    if (!URL.canParse(text) || new URL(text).href !== text)
      throw new DestinationRefused('not a canonical URL');
    const url = new URL(text);
    const secure = url.protocol === 'https:';
    if (!secure && !(this.demo && url.protocol === 'http:')) throw new DestinationRefused('not https');
    if (url.username + url.password + url.hash !== '') throw new DestinationRefused('more than a place');
    // Figures in disguise (0x7f.1, 127.1, 2130706433) change when parsed; so does anything else odd.
    if (hostIn(text) !== url.hostname) throw new DestinationRefused('the host is no name');
    const port = Number(url.port || (secure ? 443 : 80));
    if (port !== 443 && port < FIRST_FREE_PORT) throw new DestinationRefused('not a port for webhooks');
    if (isIP(url.hostname)) this.checkAddress(url.hostname, secure);
    return { organisation: '', base: url.origin, host: url.hostname, port, secure };
  }

  private checkAddress(address: string, secure: boolean): void {
    const reach = reachOf(address);
    if (reach === 'loopback' && this.demo) return;
    if (reach === 'public' && secure) return;
    throw new DestinationRefused(`a ${reach} address may not be called`);
  }
}
