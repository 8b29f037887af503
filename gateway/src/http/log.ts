import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { RequestHandler } from 'express';
import { type DestinationStream, type Logger, pino, symbols } from 'pino';
import type { Caller } from '../gateway.ts';
import type { Route } from './route.ts';
import type { HttpSettings } from './settings.ts';

/** What one request leaves for its log line. */
interface RequestFacts {
  route?: Route;
  caller?: Caller;
  /** the failure's code */
  code?: string;
}

const secrets = ['authorization', 'token', 'access_token', 'client_assertion', 'statement', 'proof', 'key'];

/** A logger that never writes a credential, should one ever stand in an object it is given; to standard output. */
export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '…' },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Milliseconds that a reader of the log has at the end. */
const LAST_WORDS = 1_000;

/**
 * Ends this process once its log is written. What pino still holds when a process exits it would write for
 * ever and ever to a reader that is gone; who does not read in time is not waited for.
 */
export async function exitAfter(log: Logger, code: number): Promise<never> {
  const late = setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORDS);
  const stream = Reflect.get(log, symbols.streamSym) as Writable;
  await new Promise((done) => stream.once('close', done).once('error', done).end());
  clearTimeout(late);
  process.exit(code);
}

/**
 * One line and one observation per request: the route's template, never its URL, headers or ids.
 * Status 0 is a client that went away before it had an answer.
 */
export function logRequests(settings: HttpSettings): RequestHandler {
  return (request, response, next) => {
    watch(request, response, settings, response.locals);
    next();
  };
}

/** The same of one request; `facts` are read when it is over. */
export function watch(
  request: IncomingMessage,
  response: ServerResponse,
  { log, metrics }: Pick<HttpSettings, 'log' | 'metrics'>,
  facts: RequestFacts,
): void {
  const start = process.hrtime.bigint();
  // A turn later, so that the failure which a vanished client brought about has been seen.
  response.once('close', () => setImmediate(write));
  const write = () => {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const { route, caller, code } = facts;
    const { method = '' } = request;
    const path = route?.path ?? 'none';
    const status = response.headersSent ? response.statusCode : 0;
    metrics.request(path, method, status, seconds);
    log.info({
      route: path,
      method,
      status,
      ...(code === undefined ? {} : { code }),
      ...(response.writableFinished ? {} : { aborted: true }),
      milliseconds: Math.round(seconds * 1e4) / 10,
      ...(caller ? { caller: caller.session.subject, organisation: caller.member?.id } : {}),
    });
  };
}

/** Where an error came from, without its message, which may hold what a client sent. */
export function traceOf(error: unknown): { error: string; errno?: string; at?: string[] } {
  if (!(error instanceof Error)) return { error: typeof error };
  const errno = 'code' in error && typeof error.code === 'string' ? { errno: error.code } : {};
  const at = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return { error: error.name, ...errno, at: at.map((line) => line.trim()).slice(0, 12) };
}
