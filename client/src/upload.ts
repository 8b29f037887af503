import { ChartkeyError } from './problems.ts';

/**
 * What is stored, as it is. A stream can be read once, so a call with one is never repeated; a function
 * that opens a fresh stream, a Blob (a File) or bytes can be sent again.
 */
export type Content =
  | Blob
  | Uint8Array
  | ReadableStream<Uint8Array>
  | (() => ReadableStream<Uint8Array>);

/** A request's body from a content. */
export interface Upload {
  body: () => Promise<BodyInit>;
  repeatable: boolean;
}

export function uploadOf(content: Content): Upload {
  if (typeof content === 'function') return { body: () => streamed(content()), repeatable: true };
  if ('getReader' in content) return { body: () => streamed(content), repeatable: false };
  return { body: async () => content as BodyInit, repeatable: true };
}

/** What went wrong with an upload, with the key that finds it again. */
export function withKey(error: unknown, idempotencyKey: string): unknown {
  if (error instanceof ChartkeyError) error.idempotencyKey = idempotencyKey;
  return error;
}

/** The stream itself, or, where a request cannot stream, a Blob, which a browser keeps on disk when large. */
async function streamed(stream: ReadableStream<Uint8Array>): Promise<BodyInit> {
  return canStream() ? stream : new Response(stream).blob();
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
