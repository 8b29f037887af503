import {
  afterUnknown,
  ChartkeyError,
  Interrupted,
  problemIn,
  UnexpectedAnswer,
  Unreachable,
} from './problems.ts';
import { type Retries, retryPause } from './retries.ts';

/** What a zod schema offers, so that nothing here depends on zod itself. */
export interface Shape<Value> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: Value }
    | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
}

/** One request. Everything in it is made anew for each try, so that an assertion is never sent twice. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** from the gateway's root */
  path: string;
  /** a list stands once for each of its values */
  query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** `over` says that nobody wants the body any more: answered, failed or stopped */
  body?: ((over: AbortSignal) => Promise<BodyInit> | BodyInit) | undefined;
  /** false when a body can be read only once */
  repeatable?: boolean;
  /** milliseconds until the answer is there (of content: has begun); no limit of our own for 0 */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

export interface CallsOptions {
  fetch?: typeof globalThis.fetch | undefined;
  /** `false` leaves every repetition to the caller */
  retries?: Partial<Retries> | false | undefined;
  /** milliseconds until an answer is there, uploads apart; 30,000 unless given */
  timeout?: number | undefined;
  /** milliseconds since 1970 */
  now?: (() => number) | undefined;
}

/** HTTP as this SDK speaks it: typed failures, and repetition where repeating cannot do harm. */
export class Calls {
  readonly now: () => number;
  readonly retries: Retries | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeout: number;

  constructor(
    readonly url: string,
    options: CallsOptions = {},
  ) {
    this.now = options.now ?? Date.now;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#timeout = options.timeout ?? 30_000;
    this.retries =
      options.retries === false ? undefined : { tries: 4, pause: 250, patience: 10_000, ...options.retries };
  }

  /** A successful answer, its body unread. @throws ProblemError, Unreachable, or the signal's reason */
  answer(call: Call): Promise<Response> {
    return this.#repeat(call, async (answer) => answer);
  }

  /** A successful answer and its body, in the shape it must have. @throws also Interrupted, UnexpectedAnswer */
  json<Value>(shape: Shape<Value>, call: Call): Promise<{ value: Value; answer: Response }> {
    const url = this.urlOf(call);
    return this.#repeat(call, async (answer) => ({ value: await parsed(shape, answer, url), answer }));
  }

  urlOf(call: Pick<Call, 'path' | 'query'>): string {
    const url = new URL(`${this.url}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      const values = Array.isArray(value) ? value : value === undefined ? [] : [String(value)];
      for (const one of values) url.searchParams.append(name, one);
    }
    return url.href;
  }

  async #repeat<Result>(call: Call, read: (answer: Response) => Promise<Result>): Promise<Result> {
    let unknown = false;
    for (let done = 1; ; done += 1) {
      call.signal?.throwIfAborted();
      try {
        return await this.#once(call, read);
      } catch (error) {
        call.signal?.throwIfAborted();
        const pause = call.repeatable === false ? undefined : retryPause(error, done, this.retries);
        if (pause === undefined) throw unknown ? afterUnknown(error) : error;
        unknown ||= error instanceof ChartkeyError && error.outcomeUnknown;
        await sleep(pause, call.signal);
      }
    }
  }

  async #once<Result>(call: Call, read: (answer: Response) => Promise<Result>): Promise<Result> {
    const url = this.urlOf(call);
    const over = new AbortController();
    const body = await call.body?.(over.signal);
    const late = new AbortController();
    const milliseconds = call.timeout ?? this.#timeout;
    const giveUp = () => late.abort(new Error('no answer in time'));
    const timer = milliseconds > 0 ? setTimeout(giveUp, milliseconds) : undefined;
    try {
      const answer = await this.#fetch(url, {
        method: call.method,
        headers: headersOf(call),
        signal: call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal,
        ...fixed,
        ...(body !== undefined && { body }),
        ...(Object(body).getReader && { duplex: 'half' }),
      }).catch((cause: unknown) => {
        throw new Unreachable(url, cause);
      });
      if (!answer.ok) throw await problemIn(answer, this.now());
      return await read(answer);
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }
}

function headersOf(call: Call): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** A gateway never redirects, and neither cookies nor caches nor referrers have a place here. */
const fixed = {
  redirect: 'error',
  credentials: 'omit',
  cache: 'no-store',
  referrerPolicy: 'no-referrer',
} as const;

async function parsed<Value>(shape: Shape<Value>, answer: Response, url: string): Promise<Value> {
  let text: string;
  try {
    text = await answer.text();
  } catch (cause) {
    throw new Interrupted(`the answer of ${url}`, cause);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UnexpectedAnswer(url, 'it is not JSON');
  }
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UnexpectedAnswer(url, `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}

/** Waits, or throws the reason of the signal. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((wake, fail) => {
    const stop = () => {
      clearTimeout(timer);
      fail(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      wake();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
