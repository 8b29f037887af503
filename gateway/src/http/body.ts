import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Failure } from '@chartkey/vocabulary';

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
 * A request's body as a stream that asks for the first byte only when it is read.
 * It fails with BODY_TOO_LARGE, UPLOAD_INCOMPLETE or TOO_SLOW; the connection stays up for the answer.
 */
export function bodyOf(request: IncomingMessage, response: ServerResponse, limits: BodyLimits): Readable {
  return Readable.from(arriving(request, response, limits), { objectMode: false });
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
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let arrived = 0;
  try {
    for (;;) {
      const step = await within(chunks.next(), limits.idleMilliseconds);
      if (step.done) break;
      arrived += step.value.length;
      if (arrived > limits.bytes) throw new Failure('BODY_TOO_LARGE');
      yield step.value;
    }
  } finally {
    // Not awaited: it would wait for a chunk that may never come.
    void chunks.return?.();
  }
  if (!request.complete) throw new Failure('UPLOAD_INCOMPLETE');
}

/** The next chunk, unless the client lets us wait too long or goes away. */
function within<Step>(next: Promise<Step>, milliseconds: number): Promise<Step> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure('TOO_SLOW')), milliseconds);
    next.then(resolve, () => reject(new Failure('UPLOAD_INCOMPLETE'))).finally(() => clearTimeout(timer));
  });
}
