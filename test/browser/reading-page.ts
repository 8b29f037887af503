import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SealedPart, SealedReading, WebKeys } from '@chartkey/client';
import { P256Key } from '@chartkey/vocabulary';
import { Browser, type Page } from '../support/browser.ts';
import { SdkSite } from '../support/sdk-site.ts';
import type { Released } from '../unit/client/sealed-record.ts';

declare global {
  /** the reader's, in the page */
  var keys: WebKeys;
}

/** Answers from here break off after 100,000 bytes. */
export const brokenPath = '/broken';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

/** A reading, and where its sealed bytes lie. */
export interface Asked extends Pick<SealedReading, 'answer' | 'anchor' | 'range'> {
  path: string;
}

/** A page in a real browser whose reader has keys, and a server that gives out sealed bytes. */
export class ReadingPage {
  /** parts of sealed streams that were asked for */
  asked: string[] = [];
  /** answers that nobody wanted to their end */
  left = 0;
  readonly #sealed = new Map<string, Buffer>();
  #browser!: Browser;
  #site!: SdkSite;
  page!: Page;
  /** the reader's public key */
  enc!: P256Key;

  static async start(): Promise<ReadingPage> {
    const reading = new ReadingPage();
    reading.#site = await SdkSite.start((request, response) => reading.#serve(request, response));
    reading.#browser = await Browser.start();
    reading.page = await reading.#browser.open(reading.#site.url);
    reading.enc = P256Key.parse(
      await reading.page.run(async (sdk) => {
        globalThis.keys = await sdk.makeKeys();
        return globalThis.keys.enc;
      }),
    );
    return reading;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.#site.stop();
  }

  askFor({ answer, anchor, sealed }: Released, path = '/sealed'): Asked {
    this.#sealed.set(path, sealed);
    return { answer, anchor, path };
  }

  /** Opens a release in the page, and says what arrived and how it ended. */
  opened(what: Asked) {
    return this.page.run(async (sdk, { path, ...reading }) => {
      const fetchSealed = ({ first, last }: SealedPart) =>
        fetch(path, { headers: { Range: `bytes=${first}-${last}` } });
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let failure: { name: string; part?: string; reason?: string } | undefined;
      let about: object = {};
      try {
        const { body, ...rest } = await sdk.openSealed({ ...reading, keys: globalThis.keys, fetchSealed });
        about = rest;
        const from = body.getReader();
        for (let read = await from.read(); !read.done; read = await from.read()) {
          chunks.push(new Uint8Array(read.value));
        }
      } catch (error) {
        const { name, part, reason } = error as { name: string; part?: string; reason?: string };
        failure = { name, ...(part && { part }), ...(reason && { reason }) };
      }
      const bytes = await new Blob(chunks).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return { about, failure, length: bytes.byteLength, sha256: btoa(String.fromCharCode(...digest)) };
    }, what);
  }

  /** Sealed bytes as a gateway gives them out: the part that Range names. */
  #serve(request: IncomingMessage, response: ServerResponse): void {
    const sealed = this.#sealed.get(request.url ?? '');
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (!sealed || !first || !last) return void response.writeHead(404).end();
    this.asked.push(`${first}-${last}`);
    response.on('close', () => {
      if (!response.writableFinished) this.left += 1;
    });
    const part = sealed.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, {
      'Content-Length': part.length,
      'Content-Range': `bytes ${first}-${last}/${sealed.length}`,
    });
    if (request.url === brokenPath) response.write(part.subarray(0, 100_000), () => response.destroy());
    else response.end(part);
  }
}
