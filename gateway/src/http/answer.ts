import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type * as z from 'zod';
import { giveBack } from '../give-back.ts';
import { sendBeforeTheBodyEnds } from './problem.ts';
import type { Asked } from './route.ts';

/** Answers JSON of exactly the documented shape: members it does not name stay here. */
export function answer<Schema extends z.ZodType>(
  { request, response }: Pick<Asked, 'request' | 'response'>,
  schema: Schema,
  value: z.input<Schema>,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string | undefined> } = {},
): void {
  const text = JSON.stringify(schema.parse(value));
  response.status(status);
  for (const [name, header] of Object.entries(headers)) {
    if (header !== undefined) response.setHeader(name, header);
  }
  response.setHeader('Content-Type', 'application/json');
  sendBeforeTheBodyEnds(request, response, text);
}

/**
 * Sends bytes as they come. The first chunk is awaited before the headers go, so that what fails early is
 * a problem document; what fails later cuts the connection.
 */
export async function pour(
  response: Response,
  status: number,
  headers: Record<string, string | number>,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array>;
  try {
    first = await chunks.next();
  } catch (error) {
    await chunks.return?.();
    throw error;
  }
  response.status(status);
  response.strictContentLength = true;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!first.done && first.value.byteLength === Number(headers['Content-Length'])) {
    // A small content is whole already: no stream, and its end is still waited for.
    if (!(await chunks.next()).done) throw new Error('a body is longer than its length');
    response.end(first.value);
    return;
  }
  await pipeline(rest(first, chunks, response), response);
}

async function* rest(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  response: Response,
) {
  const written: Uint8Array[] = [];
  let held = 0;
  // What the socket has not taken yet it still reads: the last bytes that were written.
  const release = () => {
    for (let [oldest] = written; oldest; [oldest] = written) {
      const { byteLength } = oldest;
      if (held - byteLength < response.writableLength) return;
      giveBack(oldest);
      written.shift();
      held -= byteLength;
    }
  };
  try {
    for (let step = first; !step.done; step = await chunks.next()) {
      release();
      yield step.value;
      written.push(step.value);
      held += step.value.byteLength;
    }
  } finally {
    await chunks.return?.();
  }
}
