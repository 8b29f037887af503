import {
  type AgentOptions,
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { CallFailed, gathered } from './answer-body.ts';
import { type Address, type Destination, DestinationRefused } from './destinations.ts';

const HEADER_BYTES = 16_384;

/** What is sent; the path is below the destination's base. */
interface Sent {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** An answer whose body is still coming. */
export interface Exchanged {
  status: number;
  /** lower-case names */
  headers: IncomingMessage['headers'];
  body: IncomingMessage;
}

export interface Answer extends Omit<Exchanged, 'body'> {
  body: Buffer;
}

/** An answer taken in whole. @param mostBytes of its body @throws CallFailed */
export async function wholeAnswer(
  { body, ...rest }: Exchanged,
  mostBytes: number,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return { ...rest, body: await gathered(body, mostBytes, signal) };
  } catch (error) {
    body.destroy();
    throw error instanceof CallFailed ? error : new CallFailed('the answer broke off', { cause: error });
  }
}

/** One request over an agent of `agentTo`, and its answer. A redirect is none, nor is an encoded body. @throws CallFailed */
export async function exchange(
  destination: Destination,
  agent: HttpAgent,
  sent: Sent,
  signal: AbortSignal,
): Promise<Exchanged> {
  const body = await answerTo(destination, agent, sent, signal);
  const { statusCode: status = 0, headers } = body;
  const refused = status < 200 || (status >= 300 && status < 400);
  if (refused || headers['content-encoding'] !== undefined) {
    body.destroy();
    throw new CallFailed(refused ? `answered ${status}, which is not followed` : 'answered in an encoding');
  }
  return { status, headers, body };
}

function answerTo(
  { secure, host, port, base }: Destination,
  agent: HttpAgent,
  { method, path, headers, body }: Sent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options = {
    agent,
    host,
    port,
    path: `${new URL(base).pathname.replace(/\/$/, '')}${path}`,
    method,
    headers: { ...headers, 'accept-encoding': 'identity' },
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
    request.end(body);
  });
}

/** Connections to one destination, and to nothing else: its name is looked up once for each of them. */
export function agentTo(
  destination: Destination,
  addressOf: (destination: Destination) => Promise<Address>,
  pool: AgentOptions,
): HttpAgent {
  const options = { ...pool, lookup: lookupFor(destination, addressOf) };
  return destination.secure
    ? new HttpsAgent({ ...options, ...trustIn(destination) })
    : new HttpAgent(options);
}

/** Gives the one address that was checked. */
function lookupFor(
  destination: Destination,
  addressOf: (destination: Destination) => Promise<Address>,
): LookupFunction {
  return (host, options, done) => {
    const found =
      host === destination.host
        ? addressOf(destination)
        : Promise.reject(new DestinationRefused('another host than the registered one'));
    found.then(
      (one) => (options.all ? done(null, [one]) : done(null, one.address, one.family)),
      (error) => done(error, '', 0),
    );
  };
}

/** RFC 7468 form of the registered roots: nothing else is trusted for this organisation. */
function trustIn({ roots }: Destination) {
  const ca = roots?.map((der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`);
  return { minVersion: 'TLSv1.2' as const, ...(ca && { ca }) };
}
