import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './rest-answers.ts';

/** One call as it came: the body, and the claims inside it, not verified. */
export interface Call {
  body: string;
  claims: Json;
  events: Json[];
}

type Answering = (
  call: Call,
) => { status: number; body?: string; headers?: Record<string, string> } | 'silent';

/** Answers a challenge, and takes everything in. */
export const willing: Answering = ({ claims }) => ({ status: 200, body: String(claims['challenge'] ?? '') });

/** Somebody's server that a gateway calls. */
export class WebhookReceiver {
  readonly calls: Call[] = [];
  answering: Answering = willing;

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts).toString();
      const claims = JSON.parse(
        Buffer.from(body.split('.')[1] ?? '', 'base64url').toString() || '{}',
      ) as Json;
      const call = { body, claims, events: (claims['events'] ?? []) as Json[] };
      receiver.calls.push(call);
      const answer = receiver.answering(call);
      if (answer === 'silent') return;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/events'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** All events of all calls, in the order they came. */
  get events(): Json[] {
    return this.calls.flatMap(({ events }) => events);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
