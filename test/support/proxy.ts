import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy before a server, which can lose answers and spoil what is sent. */
export interface ServerProxy {
  endpoint: string;
  /** the next request whose first line it is loses its answer: the server has done its work, the client never hears */
  losing: RegExp | undefined;
  /** changes a byte of each long piece on its way to the server */
  spoiling: boolean;
  stop(): Promise<void>;
}

/** Pieces this long hold more than headers. */
const LONG_BYTES = 4096;

export async function startProxy(target: string): Promise<ServerProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let asked = '';
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (piece: Buffer) => {
      asked = /^[A-Z]{3,6} \S+ HTTP\/1.1/.exec(piece.toString('latin1', 0, 2000))?.[0] ?? asked;
      if (proxy.spoiling && piece.length > LONG_BYTES) piece[piece.length - 1]! ^= 1;
      upstream.write(piece);
    });
    upstream.on('data', (piece: Buffer) => {
      const goesOn = piece.toString('latin1', 0, 20).startsWith('HTTP/1.1 100');
      if (goesOn || !proxy.losing?.test(asked)) {
        client.write(piece);
        return;
      }
      proxy.losing = undefined;
      client.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: ServerProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    losing: undefined,
    spoiling: false,
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
