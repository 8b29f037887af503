import type { Json } from './rest-answers.ts';
import { bearer } from './rest-tokens.ts';

/** One server-sent event as its lines say. */
export interface SentEvent {
  event?: string;
  id: string;
  data: Json;
}

/** A stream of server-sent events, read with nothing but fetch. */
export class RestStream {
  private readonly over = new AbortController();
  /** everything that came */
  readonly sent: SentEvent[] = [];
  comments = 0;
  ended = false;
  private wake = () => {};

  private constructor(readonly answer: Response) {}

  static async open(url: string, token: string, headers: Record<string, string> = {}): Promise<RestStream> {
    const over = new AbortController();
    const accept = { Accept: 'text/event-stream', ...bearer(token), ...headers };
    const answer = await fetch(url, { headers: accept, signal: over.signal });
    const stream = new RestStream(answer);
    over.signal.addEventListener('abort', () => (stream.ended = true));
    stream.over.signal.addEventListener('abort', () => over.abort());
    if (answer.status === 200) void stream.read().catch(() => undefined);
    return stream;
  }

  /** The ledger's events so far. */
  get events(): Json[] {
    return this.sent.filter(({ event }) => event === undefined).map(({ data }) => data);
  }

  /** Waits until so many events came. */
  async has(count: number): Promise<Json[]> {
    await this.until(() => this.events.length >= count);
    return this.events;
  }

  async until(holds: () => boolean): Promise<void> {
    const late = Date.now() + 30_000;
    while (!holds()) {
      if (Date.now() > late)
        throw new Error(`what was waited for did not come: ${JSON.stringify(this.sent)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  cut(): void {
    this.over.abort();
  }

  private async read(): Promise<void> {
    let text = '';
    try {
      for await (const part of this.answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(part).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          this.take(text.slice(0, end).split('\n'));
          text = text.slice(end + 2);
        }
      }
    } finally {
      this.ended = true;
      this.wake();
    }
  }

  private take(lines: string[]): void {
    const value = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const [event, id, data] = [value('event'), value('id'), value('data')];
    if (id === undefined || data === undefined) this.comments += 1;
    else this.sent.push({ id, data: JSON.parse(data) as Json, ...(event !== undefined && { event }) });
    this.wake();
  }
}
