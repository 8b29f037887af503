import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { LedgerAccess, ProcessOrder, Underneath } from '@chartkey/network';
import { type ShimCount, type ShimRelay, startRelay } from './shim-relay.ts';

type Starter = Parameters<Underneath['start']>[0];

/** A ledger of either kind whose peers reach every chaincode through a relay that counts. */
export class CountedUnderneath implements Underneath {
  readonly kind: Underneath['kind'];
  readonly ports: readonly number[];
  private readonly inner: Underneath;
  private readonly relays: ShimRelay[] = [];

  constructor(inner: Underneath) {
    this.inner = inner;
    this.kind = inner.kind;
    this.ports = inner.ports;
  }

  access(organisation: string): LedgerAccess {
    return this.inner.access(organisation);
  }

  start({ run, begin }: Starter): Promise<void> {
    const isChaincode = ({ name }: ProcessOrder) => name.startsWith('chaincode');
    const relayed = async (order: ProcessOrder) => run(isChaincode(order) ? await this.behind(order) : order);
    return this.inner.start({ begin, run: relayed });
  }

  /**
   * What a chaincode asked its peer for in one transaction.
   * @throws Error when endorsers' chaincodes asked differently
   */
  of(transaction: string): ShimCount {
    const counts = this.relays.map((relay) => relay.of(transaction)).filter(({ all }) => all > 0);
    const [first = { gets: 0, objects: 0, puts: 0, all: 0 }] = counts;
    if (new Set(counts.map((count) => JSON.stringify(count))).size > 1) {
      throw new Error(`endorsers asked differently: ${JSON.stringify(counts)}`);
    }
    return first;
  }

  stop(): void {
    for (const relay of this.relays) relay.stop();
  }

  /** The same chaincode at another port, with a relay where its peer looks for it. */
  private async behind(order: ProcessOrder): Promise<ProcessOrder> {
    const words = [...order.arguments];
    const at = words.indexOf('--chaincode-address') + 1;
    const address = words[at]!;
    const port = await freePort();
    words[at] = `127.0.0.1:${port}`;
    const certificate = words[words.indexOf('--chaincode-tls-cert-file') + 1]!;
    const tls = words.includes('--chaincode-tls-cert-file') ? dirname(certificate) : undefined;
    this.relays.push(await startRelay({ chaincode: words[at], address, tls }));
    const isReady = typeof order.isReady === 'object' ? { listensOn: port } : order.isReady;
    return { ...order, arguments: words, isReady };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = server.address();
  server.close();
  await once(server, 'close');
  return typeof place === 'object' && place ? place.port : 0;
}
