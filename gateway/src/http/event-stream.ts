import { once } from 'node:events';
import type { Response } from 'express';
import type { Caller, EventsOf } from '../gateway.ts';
import { type Asked, EVENT_STREAM } from './route.ts';

/** Milliseconds between two signs of life; sooner where a silent connection is cut sooner. */
const BEAT = 15_000;

/**
 * Answers with server-sent events (WHATWG HTML, section 9.2): `id` is the event's cursor. The first one,
 * `listening`, names the cursor where the stream begins, so that whoever is cut off before anything happens
 * comes back without a gap. It ends with the session, or with the gateway.
 */
export async function streamEvents(asked: Asked & { caller: Caller }, of: EventsOf): Promise<void> {
  const { gateway, caller, response, settings } = asked;
  const over = new AbortController();
  const end = () => over.abort();
  response.once('close', end);
  settings.stopping?.addEventListener('abort', end);
  if (settings.stopping?.aborted) end();
  const beat = Math.min(BEAT, settings.idleMilliseconds / 2);
  try {
    const stream = await gateway.followEvents(caller, of, { beat, signal: over.signal });
    try {
      begin(response);
      await write(response, told(stream.from, { cursor: stream.from }, 'listening'), over.signal);
      for await (const events of stream.batches) {
        const text = events.map((event) => told(event.cursor, event)).join('');
        await write(response, text === '' ? ':\n\n' : text, over.signal);
      }
    } finally {
      stream.leave();
    }
    response.end();
  } finally {
    settings.stopping?.removeEventListener('abort', end);
  }
}

function begin(response: Response): void {
  response.status(200);
  response.setHeader('Content-Type', EVENT_STREAM);
  response.setHeader('Cache-Control', 'no-store');
  // Proxies would wait for the end of what has none.
  response.setHeader('X-Accel-Buffering', 'no');
}

/** One event; its data is one line of JSON. */
function told(id: string, data: object, type?: string): string {
  return `${type === undefined ? '' : `event: ${type}\n`}id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Waits for a slow reader, who is cut when it stays too slow: nothing piles up here. */
async function write(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  await once(response, 'drain', { signal }).catch(() => undefined);
}
