import type { Agent as HttpAgent } from 'node:http';
import { CallFailed, whileMoving } from './answer-body.ts';
import type { Destination, Destinations } from './destinations.ts';
import { type Answer, agentTo, type Exchanged, exchange, wholeAnswer } from './exchange.ts';

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

export interface StreamedAnswer extends Omit<Answer, 'body'> {
  /** to be read to its end or given up by `return`; throws CallFailed when it breaks off */
  body: AsyncIterableIterator<Buffer>;
}

/** Connections to one organisation: for short calls, and, so that slow readers cannot hold those up, for streams. */
const SOCKETS = { call: 32, stream: 256 };

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
    return wholeAnswer(await this.send(call, 'call', signal), mostBytes, signal);
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

  private async send(call: Call, purpose: Purpose, signal: AbortSignal): Promise<Exchanged> {
    const destination = this.destinationOf(call);
    return exchange(destination, this.agentFor(destination, purpose), call, signal);
  }

  private destinationOf({ organisation, path }: Call): Destination {
    try {
      const { base } = this.destinations.of(organisation);
      return this.destinations.at(`${base}${path}`);
    } catch (error) {
      throw new CallFailed('not a place that may be called', { cause: error });
    }
  }

  private agentFor(destination: Destination, purpose: Purpose): HttpAgent {
    const name = `${destination.organisation} ${purpose}`;
    const kept = this.agents.get(name);
    if (kept) return kept;
    const pool = { keepAlive: true, maxSockets: SOCKETS[purpose] };
    const agent = agentTo(destination, (place) => this.destinations.addressOf(place), pool);
    this.agents.set(name, agent);
    return agent;
  }
}
