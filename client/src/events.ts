import { HeardEvent } from '@chartkey/vocabulary';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { sleep } from './calls.ts';
import { Interrupted, ProblemError, UnexpectedAnswer, Unreachable } from './problems.ts';

export interface EventOptions {
  /** `cursor` of the last event that was dealt with; from now on unless given */
  after?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Milliseconds without a byte after which a stream is dead: a gateway gives a sign of life every 15 s. */
const SILENCE = 45_000;
/** Milliseconds before a stream is opened again; doubled while that fails. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** Characters of one event at most. */
const LONGEST_EVENT = 65_536;

/** Opens a stream of server-sent events after a cursor. */
type Open = (after: string | undefined, signal: AbortSignal) => Promise<Response>;

/**
 * Events without end: a stream that ends or breaks off is opened again after the last event. Each comes at
 * least once; after a reconnection none is left out. @throws what cannot be mended by trying again
 */
export async function* eventsFrom(
  open: Open,
  { after, signal }: EventOptions,
): AsyncGenerator<HeardEvent, void, undefined> {
  let at = after;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    signal?.throwIfAborted();
    const over = new AbortController();
    try {
      const answer = await open(at, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
      for await (const { event, id, data } of messagesIn(answer, over)) {
        if (event === undefined) {
          yield eventIn(answer.url, data);
          pause = FIRST_PAUSE;
          at = id ?? at;
        }
        // Where a stream without events began.
        at ??= id;
      }
      pause = FIRST_PAUSE;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
    } finally {
      over.abort();
    }
    await sleep(pause * (0.5 + Math.random() / 2), signal);
  }
}

/** The messages of one stream as they come; time runs only while we wait for the gateway. */
async function* messagesIn(answer: Response, over: AbortController): AsyncGenerator<EventSourceMessage> {
  const isStream = answer.headers.get('Content-Type')?.startsWith('text/event-stream');
  if (!isStream || !answer.body) throw new UnexpectedAnswer(answer.url, 'it is no stream of events');
  const messages: EventSourceMessage[] = [];
  let isBroken = false;
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: (message) => messages.push(message),
    onError: ({ type }) => {
      isBroken ||= type === 'max-buffer-size-exceeded';
    },
  });
  const text = new TextDecoder();
  const reader = answer.body.getReader();
  for (;;) {
    const silent = setTimeout(() => over.abort(new Error('no sign of life')), SILENCE);
    const { done, value } = await reader
      .read()
      .catch((cause: unknown) => {
        throw new Interrupted(`the stream of ${answer.url}`, cause);
      })
      .finally(() => clearTimeout(silent));
    if (done) return;
    parser.feed(text.decode(value, { stream: true }));
    yield* messages.splice(0);
    if (isBroken) throw new UnexpectedAnswer(answer.url, 'an event is too long');
  }
}

function eventIn(url: string, data: string): HeardEvent {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    throw new UnexpectedAnswer(url, 'an event is not JSON');
  }
  const event = HeardEvent.safeParse(json);
  if (!event.success) throw new UnexpectedAnswer(url, 'an event is not of the documented shape');
  return event.data;
}

/** Whatever may be over in a while: no gateway, a cut, a busy one. */
function isPassing(error: unknown): boolean {
  if (error instanceof ProblemError) return [429, 502, 503, 504].includes(error.status);
  return error instanceof Unreachable || error instanceof Interrupted;
}
