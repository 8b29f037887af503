import type { Sensitivity } from '@chartkey/vocabulary';
import { ChartkeyError } from './problems.ts';

/**
 * What is stored, as it is. A stream can be read once, so a call with one is never repeated; a function
 * that opens a fresh stream, a Blob (a File) or bytes can be sent again.
 */
export type Content = Blob | Uint8Array | ReadableStream<Uint8Array> | (() => ReadableStream<Uint8Array>);

export interface StoreOptions {
  /** the same key finds the same upload again; random unless given, and in the error when it fails */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export interface NewRecordOptions extends StoreOptions {
  /** what it is sensitive for: the gateway turns the classes into the patient's labels, 8 at most */
  labels?: readonly Sensitivity[];
}

/** A request's body from a content. */
export interface Upload {
  body: (over: AbortSignal) => Promise<BodyInit>;
  repeatable: boolean;
}

export function uploadOf(content: Content): Upload {
  if (typeof content === 'function') return { body: (over) => streamed(content(), over), repeatable: true };
  if ('getReader' in content) return { body: (over) => streamed(content, over), repeatable: false };
  return { body: async () => content as BodyInit, repeatable: true };
}

/** What went wrong with an upload, with the key that finds it again. */
export function withKey(error: unknown, idempotencyKey: string): unknown {
  if (error instanceof ChartkeyError) error.idempotencyKey = idempotencyKey;
  return error;
}

/** The stream itself, or, where a request cannot stream, a Blob, which a browser keeps on disk when large. */
async function streamed(stream: ReadableStream<Uint8Array>, over: AbortSignal): Promise<BodyInit> {
  return canStream() ? untilOver(stream, over) : new Response(stream).blob();
}

/** The same bytes; a platform may go on reading a request's body after the request is over, so it ends here. */
function untilOver(stream: ReadableStream<Uint8Array>, over: AbortSignal): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const stop = () => {
          controller.error(over.reason);
          reader.cancel(over.reason).catch(() => undefined);
        };
        over.addEventListener('abort', stop, { once: true });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (over.aborted) return;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

let streams: boolean | undefined;

/**
 * Whether a request's body may be a stream here. A platform without it never looks at `duplex`, and makes
 * a text of the stream, which then gets a Content-Type (https://developer.chrome.com/docs/capabilities/web-apis/fetch-streaming-requests).
 */
export function canStream(): boolean {
  if (streams === undefined) {
    let asked = false;
    const request = new Request('https://chartkey.invalid', {
      method: 'POST',
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return 'half' as const;
      },
    } as RequestInit);
    streams = asked && !request.headers.has('Content-Type');
  }
  return streams;
}
