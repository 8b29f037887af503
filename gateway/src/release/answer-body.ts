import type { IncomingMessage } from 'node:http';

/** The other gateway did not give an answer that can be used. `message` is for our log only. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** the connection had rested and was closed just now: worth one more try */
  readonly stale: boolean;
  constructor(message: string, options: ErrorOptions & { stale?: boolean } = {}) {
    super(message, options);
    this.stale = options.stale ?? false;
  }
}

/** Takes in a body whole. @throws CallFailed when it is larger; what the stream throws when it breaks off */
export async function gathered(body: IncomingMessage, most: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  // The request's own signal ends with its answer's headers; this one goes on to the last byte.
  signal.addEventListener('abort', () => body.destroy(new CallFailed('the answer took too long')));
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) throw new CallFailed('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * The body as it comes, broken off when no byte comes for a while. Time runs only while we wait for the other side, not while our own reader
 * is slow.
 */
export function whileMoving(body: IncomingMessage, idle: number): AsyncIterableIterator<Buffer> {
  const parts = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  // An answer may break off before anybody reads it; whoever reads hears of it.
  body.on('error', () => {});
  return {
    async next() {
      const timer = setTimeout(() => body.destroy(new Error('no byte came in time')), idle);
      try {
        return await parts.next();
      } catch (error) {
        throw new CallFailed('the answer broke off', { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
    async return() {
      body.destroy();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
