import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { makeApp } from '../../../gateway/src/http/app.ts';
import { refusingCrowds } from '../../../gateway/src/http/crowds.ts';
import { makeLogger } from '../../../gateway/src/http/log.ts';
import { listen } from '../../../gateway/src/http/serve.ts';
import { type HttpSettings, httpDefaults } from '../../../gateway/src/http/settings.ts';
import { makeMetrics } from '../../../gateway/src/metrics.ts';
import { memoryGateway } from './memory-gateway.ts';

export interface Answered {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A request as bytes: nothing is corrected on the way. */
export interface Asking {
  method?: string;
  path?: string;
  /** lines; `Host` and `Connection: close` are added unless `bare` */
  headers?: string[];
  body?: string | Buffer;
  bare?: boolean;
}

/** The HTTP side over real sockets, on a gateway in memory, with its log kept. */
export async function serve(settings: Partial<HttpSettings> = {}) {
  const gateway = memoryGateway();
  const lines: string[] = [];
  const log = makeLogger(
    'info',
    new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  const all = { ...httpDefaults, ...settings, log, metrics: makeMetrics() };
  const app = makeApp(gateway, all);
  const place = { host: '127.0.0.1', port: 0, ledger: 'embedded' };
  const { port, stop } = await listen(refusingCrowds(gateway, all, app), place, all);
  const ask = (asking: Asking) => exchange(port, bytesOf(asking));
  return { gateway, app, lines, port, stop, ask, settings: all, url: `http://127.0.0.1:${port}` };
}

export type Served = Awaited<ReturnType<typeof serve>>;

function bytesOf({ method = 'GET', path = '/', headers = [], body = '', bare = false }: Asking): Buffer {
  const bytes = Buffer.from(body);
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const added = bare ? [] : ['Connection: close', ...(has('host') ? [] : ['Host: gateway.example'])];
  if (!bare && bytes.length > 0 && !has('content-length') && !has('transfer-encoding')) {
    added.push(`Content-Length: ${bytes.length}`);
  }
  const head = [`${method} ${path} HTTP/1.1`, ...added, ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** Sends bytes and reads what comes until the other side closes. */
export function exchange(
  port: number,
  bytes: Buffer | string,
  options: { half?: boolean } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      if (options.half) socket.end();
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)));
    socket.on('close', () => resolve(parsed(Buffer.concat(chunks))));
  });
}

/** An HTTP/1.1 answer taken apart; chunked bodies are left as they are. */
function parsed(bytes: Buffer): Answered {
  const [head = '', ...rest] = bytes.toString().split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
}
