import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Sdk = typeof import('@chartkey/client');

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: { text?: string; exceptionDetails?: Thrown; entry?: { text: string; url?: string } };
  result?: unknown;
  error?: { message: string };
}
interface Thrown {
  text: string;
  exception?: { description?: string; value?: unknown };
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The DevTools protocol on file descriptors 3 and 4: no port, and the browser ends with whoever started it.
  '--remote-debugging-pipe',
];

/** A Chromium of its own, in a fresh profile; `npm run test:browser` says which in CHROMIUM. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, { told: (message: Message) => void; failed: (why: Error) => void }>();
  readonly #pages = new Map<string, Page>();
  #sent = 0;
  #said = '';
  #ended: Error | undefined;

  private constructor(program: string) {
    this.#profile = mkdtempSync(join(tmpdir(), 'chartkey-browser-'));
    this.#process = spawn(program, [...flags, `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#process.stderr?.on('data', (text: Buffer) => {
      this.#said = `${this.#said}${text}`.slice(-4000);
    });
    this.#process.on('error', (error) => this.#gone(error.message));
    this.#process.on('exit', (code, signal) => this.#gone(`it ended with ${code ?? signal}`));
    (this.#process.stdio[3] as Writable).on('error', () => {});
    void this.#listen(this.#process.stdio[4] as Readable);
  }

  static async start(): Promise<Browser> {
    const program = process.env['CHROMIUM'];
    if (!program) throw new Error('no browser was named: run this through npm run test:browser');
    const browser = new Browser(program);
    try {
      await browser.send('Browser.getVersion');
      return browser;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** A page of its own with what lies at this address, loaded. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.send<{ sessionId: string }>('Target.attachToTarget', attach);
    const page = new Page(this, sessionId);
    this.#pages.set(sessionId, page);
    await page.load(url);
    return page;
  }

  async close(): Promise<void> {
    const ended = this.#ended ? undefined : once(this.#process, 'exit');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await this.send('Browser.close').catch(() => undefined);
    await ended;
    clearTimeout(late);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  /** One command of the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/). */
  send<Result = unknown>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((told, failed) => {
      this.#waiting.set(id, { told: (message) => told(message.result as Result), failed });
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async #listen(messages: Readable): Promise<void> {
    let held = '';
    messages.setEncoding('utf8');
    for await (const text of messages as AsyncIterable<string>) {
      const whole = `${held}${text}`.split('\0');
      held = whole.pop() ?? '';
      for (const message of whole) this.#heard(JSON.parse(message) as Message);
    }
  }

  #heard(message: Message): void {
    const { id, sessionId = '' } = message;
    if (id === undefined) this.#pages.get(sessionId)?.heard(message);
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (message.error) waiting?.failed(new Error(message.error.message));
    else waiting?.told(message);
  }

  #gone(why: string): void {
    this.#ended ??= new Error(`no browser: ${why}\n${this.#said}`);
    for (const { failed } of this.#waiting.values()) failed(this.#ended);
    this.#waiting.clear();
  }
}

/** A page; what runs in it sees the SDK as a browser loads it. */
export class Page {
  /** what the page complained of: errors nobody caught, refused requests */
  readonly complaints: string[] = [];
  #loaded: (() => void) | undefined;

  constructor(
    private readonly browser: Browser,
    private readonly session: string,
  ) {}

  async load(url: string): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log']) await this.#send(`${domain}.enable`);
    await this.#navigated('Page.navigate', { url });
  }

  /** Loads the page anew: what it kept in memory is gone. */
  async reload(): Promise<void> {
    await this.#navigated('Page.reload');
  }

  /**
   * Runs a function in the page. It is sent as text, so it sees nothing but its two arguments and the page;
   * the second one, and what it returns, cross as JSON. @throws Error with what was thrown in the page
   */
  async run<Input, Result>(
    what: (sdk: Sdk, input: Input) => Promise<Result> | Result,
    input: Input = undefined as Input,
  ): Promise<Result> {
    const text = JSON.stringify(input) ?? 'undefined';
    const { result, exceptionDetails } = await this.#send<{
      result: { value: Result };
      exceptionDetails?: Thrown;
    }>('Runtime.evaluate', {
      expression: `import('@chartkey/client').then((sdk) => (${what.toString()})(sdk, ${text}))`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error([textOf(exceptionDetails), ...this.complaints].join('\n'));
    return result.value;
  }

  heard({ method, params }: Message): void {
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (params?.exceptionDetails) this.complaints.push(textOf(params.exceptionDetails));
    if (params?.entry) this.complaints.push(`${params.entry.text} ${params.entry.url ?? ''}`);
  }

  async #navigated(method: string, params?: object): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    const { errorText } = await this.#send<{ errorText?: string }>(method, params);
    if (errorText) throw new Error(`the page did not load: ${errorText}`);
    await loaded;
  }

  #send<Result = unknown>(method: string, params?: object): Promise<Result> {
    return this.browser.send<Result>(method, params, this.session);
  }
}

const textOf = ({ exception, text }: Thrown) => exception?.description ?? `${exception?.value ?? text}`;
