import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { CallFailed, gathered, whileMoving } from './answer-body.ts';
import { type Destination, DestinationRefused, type Destinations } from './destinations.ts';

/** A call to another organisation's gateway. */
export interface Call {
  organisation: string;
  method: 'GET' | 'POST';
  /** below the registered URL, beginning with a slash */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** milliseconds until the whole answer, or a stream's headers, must be there */
  milliseconds: number;
}

export interface Answer {
  status: number;
  /** lower-case names */
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface StreamedAnswer extends Omit<Answer, 'body'> {
  /** to be read to its end or given up by `return`; throws CallFailed when it breaks off */
  body: AsyncIterableIterator<Buffer>;
}

/** Connections to one organisation: for short calls, and, so that slow readers cannot hold those up, for streams. */
const SOCKETS = { call: 32, stream: 256 };
const HEADER_BYTES = 16_384;

type Purpose = keyof typeof SOCKETS;

/** All outgoing calls: to registered gateways only, by name, to the address that was checked, without redirects. */
export class Outgoing {
  private readonly agents = new Map<string, HttpAgent>();

  constructor(private readonly destinations: Destinations) {}

  /**
   * Makes a call and takes in its whole answer.
   * @param mostBytes of its body
   * @throws CallFailed
   */
  async answer(call: Call, mostBytes: number): Promise<Answer> {
    const signal = AbortSignal.timeout(call.milliseconds);
    const { body, ...rest } = await this.send(call, 'call', signal);
    try {
      return { ...rest, body: await gathered(body, mostBytes, signal) };
    } catch (error) {
      body.destroy();
      throw error instanceof CallFailed ? error : new CallFailed('the answer broke off', { cause: error });
    }
  }

  /**
   * Makes a call and gives its answer's body as it comes.
   * @param idleMilliseconds without a byte after which the stream breaks off
   * @throws CallFailed
   */
  async stream(call: Call, idleMilliseconds: number): Promise<StreamedAnswer> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), call.milliseconds);
    try {
      const { body, ...rest } = await this.send(call, 'stream', late.signal);
      return { ...rest, body: whileMoving(body, idleMilliseconds) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connections that rest. */
  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
  }

  private async send(call: Call, purpose: Purpose, signal: AbortSignal) {
    const body = await this.exchange(call, this.destinationOf(call), purpose, signal);
    const { statusCode: status = 0, headers } = body;
    const refused = status < 200 || (status >= 300 && status < 400);
    if (refused || headers['content-encoding'] !== undefined) {
      body.destroy();
      throw new CallFailed(refused ? `answered ${status}, which is not followed` : 'answered in an encoding');
    }
    return { status, headers, body };
  }

  private destinationOf({ organisation, path }: Call): Destination {
    try {
      const { base } = this.destinations.of(organisation);
      return this.destinations.at(`${base}${path}`);
    } catch (error) {
      throw new CallFailed('not a place that may be called', { cause: error });
    }
  }

  private exchange(
    call: Call,
    destination: Destination,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { secure, host, port, base } = destination;
    const options = {
      agent: this.agentFor(destination, purpose),
      host,
      port,
      path: `${new URL(base).pathname.replace(/\/$/, '')}${call.path}`,
      method: call.method,
      headers: { ...call.headers, 'accept-encoding': 'identity' },
      maxHeaderSize: HEADER_BYTES,
      signal,
    };
    return new Promise((answered, failed) => {
      const request: ClientRequest = secure ? httpsRequest(options) : httpRequest(options);
      request.once('response', answered);
      request.once('upgrade', (_answer, socket) => socket.destroy());
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && error.code === 'ECONNRESET';
        failed(new CallFailed('the call failed', { cause: error, stale }));
      });
      request.once('close', () => failed(new CallFailed('the call ended without an answer')));
      request.end(call.body);
    });
  }

  private agentFor(destination: Destination, purpose: Purpose): HttpAgent {
    const name = `${destination.organisation} ${purpose}`;
    const kept = this.agents.get(name);
    if (kept) return kept;
    const pool = { keepAlive: true, maxSockets: SOCKETS[purpose], lookup: this.lookupFor(destination) };
    const agent = destination.secure
      ? new HttpsAgent({ ...pool, ...trustIn(destination) })
      : new HttpAgent(pool);
    this.agents.set(name, agent);
    return agent;
  }

  /** Looks a name up once for each connection and gives the one address that was checked. */
  private lookupFor(destination: Destination): LookupFunction {
    return (host, options, done) => {
      const found =
        host === destination.host
          ? this.destinations.addressOf(destination)
          : Promise.reject(new DestinationRefused('another host than the registered one'));
      found.then(
        (one) => (options.all ? done(null, [one]) : done(null, one.address, one.family)),
        (error) => done(error, '', 0),
      );
    };
  }
}

/** RFC 7468 form of the registered roots: nothing else is trusted for this organisation. */
function trustIn({ roots }: Destination) {
  const ca = roots?.map((der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`);
  return { minVersion: 'TLSv1.2' as const, ...(ca && { ca }) };
}
