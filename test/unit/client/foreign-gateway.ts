import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConnectOptions, canonicalJson, connect, type Gateway } from '@chartkey/client';

export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** empty where the handler reads the body itself */
  body: Buffer;
  raw: IncomingMessage;
}
export type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>;
interface Route {
  method: string;
  path: string | RegExp;
  handler: Handler;
  streams: boolean;
}

export const json = (response: ServerResponse, status: number, body: unknown, headers: object = {}) => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};
export const problem = (response: ServerResponse, status: number, code: string, more: object = {}) => {
  response.writeHead(status, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, ...more }));
};
export const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content);

const p256 = () => {
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y };
};

/** A gateway that somebody else wrote: it knows wire.md, and nothing of our code but what it is asked. */
export class ForeignGateway {
  readonly seen: Seen[] = [];
  readonly #routes: Route[] = [];
  readonly #server: Server;
  readonly #members: object[] = [];
  /** seconds that tokens live */
  tokenSeconds = 300;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.on('GET', '/.well-known/chartkey', (_seen, response) => json(response, 200, this.wellKnown()));
    this.on('GET', '/v1/organisations', (_seen, response) =>
      json(response, 200, { items: this.#members.map((member) => ({ ...member, nextSeq: 1 })) }),
    );
    this.on('POST', '/v1/oauth/token', (_seen, response) =>
      json(response, 200, {
        access_token: randomBytes(32).toString('base64url'),
        token_type: 'Bearer',
        expires_in: this.tokenSeconds,
      }),
    );
  }

  static async start(member: object = {}): Promise<ForeignGateway> {
    const gateway = new ForeignGateway();
    await new Promise<void>((ready) => gateway.#server.listen(0, '127.0.0.1', ready));
    const { url } = gateway;
    gateway.#members.push({
      id: 'RiversideMSP',
      name: 'Riverside Hospital',
      kind: 'hospital',
      url,
      tokenUrl: `${url}/v1/oauth/token`,
      masterKey: p256(),
      ...member,
    });
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get genesis() {
    return {
      format: 'chartkey-genesis/1',
      demo: true,
      ledger: 'embedded',
      channel: 'records',
      salt: 'A'.repeat(43),
      organisations: this.#members,
    };
  }

  get network(): string {
    return `demo-${sha256(canonicalJson(this.genesis)).digest('base64url')}`;
  }

  wellKnown(): Record<string, unknown> {
    const { network, genesis } = this;
    return { network, ledger: 'embedded', organisation: 'RiversideMSP', genesis, signatures: {} };
  }

  /** The newest handler for a path wins. With `streams` it reads the body itself. */
  on(method: string, path: string | RegExp, handler: Handler, streams = false): void {
    this.#routes.unshift({ method, path, handler, streams });
  }

  /** How often a path was asked. */
  times(path: string | RegExp): number {
    return this.seen.filter((one) => isAt(path, one.path)).length;
  }

  connect(options: ConnectOptions = {}): Promise<Gateway> {
    return connect(this.url, { network: this.network, retries: { tries: 3, pause: 1 }, ...options });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(raw.url ?? '/', this.url);
    const method = raw.method ?? '';
    const route = this.#routes.find((one) => one.method === method && isAt(one.path, url.pathname));
    const chunks: Buffer[] = [];
    try {
      if (!route?.streams) for await (const chunk of raw) chunks.push(chunk as Buffer);
    } catch {
      return; // the client went away
    }
    const { searchParams: query, pathname: path } = url;
    const seen = { method, path, query, headers: raw.headers, body: Buffer.concat(chunks), raw };
    this.seen.push(seen);
    if (!route) return problem(response, 404, 'NOT_FOUND');
    await route.handler(seen, response);
  }
}

const isAt = (path: string | RegExp, at: string) => (typeof path === 'string' ? path === at : path.test(at));
