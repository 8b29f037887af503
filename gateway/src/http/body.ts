import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '@chartkey/vocabulary';
import { giveBack } from '../give-back.ts';
import { Arrival } from './arrival.ts';

/** Requests whose client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1). */
export const awaitingContinue = new WeakSet<IncomingMessage>();

/** How much may arrive, and how long a client may rest between two chunks. */
interface BodyLimits {
  bytes: number;
  idleMilliseconds: number;
}

/** Whether a request announces a body, be it empty chunks. */
export function carriesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}

/**
 * A request's body, which asks for the first byte only when it is read. A chunk is valid until the next one is
 * asked for. It fails with BODY_TOO_LARGE, UPLOAD_INCOMPLETE or TOO_SLOW; the connection stays up for the answer.
 */
export async function* bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Buffer> {
  for await (const chunk of arriving(request, response, limits)) {
    yield chunk;
    giveBack(chunk);
  }
}

/** @throws Failure as `bodyOf` does; INVALID_REQUEST when the text is not UTF-8. */
export async function textOf(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of arriving(request, response, limits)) chunks.push(chunk);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'encoding' });
  }
}

async function* arriving(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limits.bytes) throw new Failure('BODY_TOO_LARGE');
  if (awaitingContinue.delete(request)) response.writeContinue();
  const arrival = new Arrival(request, limits.idleMilliseconds);
  let arrived = 0;
  try {
    for (let chunk = await arrival.next(); chunk; chunk = await arrival.next()) {
      arrived += chunk.length;
      if (arrived > limits.bytes) throw new Failure('BODY_TOO_LARGE');
      yield chunk;
    }
  } finally {
    arrival.leave();
  }
}
