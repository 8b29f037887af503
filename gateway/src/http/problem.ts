import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, Failure, type FailureCode, type Problem, Refused } from '@chartkey/vocabulary';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { awaitingContinue, carriesBody } from './body.ts';
import { traceOf } from './log.ts';

/** Seconds after which trying again makes sense, where the failure itself does not say. */
const patience: Partial<Record<FailureCode, number>> = { TOO_MANY_SESSIONS: 30, LEDGER_CONFLICT: 1, BUSY: 1 };
/** A body this long is worth reading to its end, so that the connection can be used again. */
const SHORT_BODY = 64 * 1024;
/** Milliseconds a client gets to take an early refusal in before its upload is cut. */
const LINGER = 1_000;

/** RFC 9457 problem details of a failure; its ids and numbers become members of their own. */
export function problemOf(failure: Failure, instance?: string): Problem {
  const { status, says, remedy } = describe(failure.code);
  const { retryAfter: _, ...about } = failure.about;
  return {
    ...Object.fromEntries(Object.entries(about).map(([name, value]) => [name, asNumber(value)])),
    type: `urn:chartkey:failure:${failure.code}`,
    title: says,
    status,
    code: failure.code,
    detail: remedy,
    ...(instance === undefined ? {} : { instance }),
    ...(failure instanceof Refused ? { access: failure.access } : {}),
  };
}

/** Headers that belong to a failure; its `retryAfter` (seconds) and `length` (bytes) go there. */
export function headersOf(failure: Failure): Record<string, string> {
  const { status } = describe(failure.code);
  if (status === 401) {
    const error = failure.code === 'TOKEN_REQUIRED' ? '' : ', error="invalid_token"';
    return { 'WWW-Authenticate': `Bearer realm="chartkey"${error}` };
  }
  if (status === 429 || status === 503) {
    return { 'Retry-After': String(failure.about['retryAfter'] ?? patience[failure.code] ?? 5) };
  }
  const length = failure.about['length'];
  return status === 416 && length !== undefined ? { 'Content-Range': `bytes */${length}` } : {};
}

/** Any error as the failure it is; what nobody foresaw is BROKEN, and its message goes nowhere. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(error instanceof URIError ? 'INVALID_REQUEST' : 'BROKEN');
}

/** Answers an error, or cuts the connection when an answer is already on its way. */
export function sendProblem(error: unknown, request: Request, response: Response, log: Logger): void {
  const failure = failureOf(error);
  const broken = describe(failure.code).category === 'broken';
  const instance = broken ? `urn:uuid:${randomUUID()}` : undefined;
  response.locals['code'] = failure.code;
  if (broken) log.error({ instance, code: failure.code, ...traceOf(error) }, 'a request failed');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.status(describe(failure.code).status).set(headersOf(failure));
  response.setHeader('Content-Type', 'application/problem+json');
  sendBeforeTheBodyEnds(request, response, JSON.stringify(problemOf(failure, instance)));
}

/** Sends a short text, even while the client is still busy sending a long body that nobody will read. */
export function sendBeforeTheBodyEnds(request: IncomingMessage, response: Response, text: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  const waits = awaitingContinue.has(request);
  const unread = !request.complete && carriesBody(request);
  const long = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) > SHORT_BODY;
  // What nobody began to read and is short, Node reads away by itself.
  const lingers = unread && !waits && (long || request.readableDidRead);
  if (waits || lingers) response.setHeader('Connection', 'close');
  if (!lingers) {
    response.end(text);
    return;
  }
  response.write(text);
  const end = () => response.end();
  const timer = setTimeout(end, LINGER);
  request.once('close', () => clearTimeout(timer)).once('end', end);
  request.on('error', () => undefined).resume();
}

const asNumber = (value: string | number) =>
  typeof value === 'string' && /^(?:0|[1-9][0-9]{0,14})$/.test(value) ? Number(value) : value;
