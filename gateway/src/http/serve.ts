import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Failure, type FailureCode } from '@chartkey/vocabulary';
import { awaitingContinue } from './body.ts';
import { headersOf, problemOf } from './problem.ts';
import type { HttpSettings } from './settings.ts';

/** Where a server listens. */
export interface Place {
  host: string;
  /** 0 for any free one */
  port: number;
  /** PEM; plain HTTP without */
  tls?: { key: string; cert: string };
  /** for the header Chartkey-Ledger of answers that never reach the app */
  ledger?: string;
}

export interface Listening {
  port: number;
  /** Takes nothing new, lets what is in flight finish, then cuts. */
  stop(): Promise<void>;
}

type SocketSettings = Pick<
  HttpSettings,
  | 'headersMilliseconds'
  | 'idleMilliseconds'
  | 'keepAliveMilliseconds'
  | 'socketsPerAddress'
  | 'stopMilliseconds'
>;

/** Serves an app with bounds on what slow or greedy clients hold. @throws the listen error (EADDRINUSE, …) */
export async function listen(
  app: RequestListener,
  place: Place,
  settings: SocketSettings,
): Promise<Listening> {
  const options = {
    headersTimeout: settings.headersMilliseconds,
    // An upload may take hours while it makes progress: its chunks are timed one by one.
    requestTimeout: 0,
    keepAliveTimeout: settings.keepAliveMilliseconds,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, settings.headersMilliseconds / 4)),
    requireHostHeader: false,
  };
  const answering = new WeakMap<Socket, ServerResponse>();
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    answering.set(request.socket, response);
    app(request, response);
  };
  const server = place.tls
    ? createSecureServer({ ...options, ...place.tls, handshakeTimeout: settings.headersMilliseconds }, serve)
    : createServer(options, serve);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    awaitingContinue.add(request);
    serve(request, response);
  });
  server.on('checkExpectation', serve);
  const refuse = (socket: Socket, code: FailureCode) => {
    socket.end(rawProblem(code, place.ledger));
    socket.destroySoon();
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const response = answering.get(socket);
    // Nothing may be written into the middle of an answer.
    const busy = response?.headersSent && !response.writableFinished;
    if (busy || error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else refuse(socket, codeOfClientError(error.code));
  });
  countSockets(server, settings.socketsPerAddress, (socket) =>
    place.tls ? socket.destroy() : refuse(socket, 'TOO_MANY_REQUESTS'),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.port, place.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => stop(server, settings.stopMilliseconds),
  };
}

function codeOfClientError(code: string | undefined): FailureCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'TOO_SLOW';
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'BODY_TOO_LARGE';
  return code === 'HPE_INVALID_EOF_STATE' ? 'UPLOAD_INCOMPLETE' : 'INVALID_REQUEST';
}

/** A whole answer for a socket whose request never became one. */
function rawProblem(code: FailureCode, ledger: string | undefined): string {
  const failure = new Failure(code);
  const problem = problemOf(failure);
  const body = JSON.stringify(problem);
  const headers = {
    ...headersOf(failure),
    ...(ledger === undefined ? {} : { 'Chartkey-Ledger': ledger }),
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${code}\r\n${lines.join('')}\r\n${body}`;
}

function countSockets(server: Server, most: number, refuse: (socket: Socket) => void): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (count > most) refuse(socket);
  });
}

async function stop(server: Server, milliseconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), milliseconds);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
