import type { Line } from './fit.ts';
import { seeded } from './open-loop.ts';
import { percentile } from './rounds.ts';

export interface Channel {
  gateways: number;
  /** reads a second of all gateways together (Poisson) */
  rate: number;
  /** seconds that a transaction keeps the busiest part of the channel from the next one */
  service: Line;
  /** seconds from leaving a gateway to being handed out, while nothing else is under way */
  latency: Line;
}

export interface Simulated {
  transactionsPerSecond: number;
  readsPerTransaction: number;
  /** milliseconds */
  p50: number;
  p99: number;
  /** share of the busiest part's time */
  busy: number;
}

const MOST = 64;
const IN_FLIGHT = 4;

interface GatewayState {
  waiting: number[];
  inFlight: number;
  /** transactions that left with fewer than MOST */
  partial: number;
}

/**
 * Plays the gateways' group commit (gateway/src/ledger/group.ts: a transaction leaves at once while none is under
 * way, from then on only full ones, four at most) against one channel, whose busiest part takes transactions
 * one after the other.
 */
export function simulate({ gateways, rate, service, latency }: Channel, seconds = 60): Simulated {
  const chance = seeded(7);
  const states: GatewayState[] = Array.from({ length: gateways }, () => ({
    ...{ waiting: [], inFlight: 0, partial: 0 },
  }));
  const ends = new Queue<{ state: GatewayState; reads: number[]; partial: boolean }>();
  const times: number[] = [];
  let [freeAt, work, transactions, next] = [0, 0, 0, 0];
  const costs = (line: Line, entries: number) => line.perTransaction + line.perEntry * entries;
  const depart = (state: GatewayState, now: number) => {
    while (state.waiting.length > 0 && state.inFlight < IN_FLIGHT) {
      const full = state.waiting.length >= MOST;
      if (state.partial > 0 && !full) return;
      const reads = state.waiting.splice(0, MOST);
      const busy = costs(service, reads.length);
      const begins = Math.max(now, freeAt);
      freeAt = begins + busy;
      work += busy;
      transactions += 1;
      state.inFlight += 1;
      if (!full) state.partial += 1;
      const rest = Math.max(0, costs(latency, reads.length) - busy);
      ends.add(freeAt + rest, { state, reads, partial: !full });
    }
  };
  while (next < seconds || ends.size > 0) {
    const ending = ends.first();
    if (ending !== undefined && (ending <= next || next >= seconds)) {
      const { at, item } = ends.take();
      for (const arrived of item.reads) times.push((at - arrived) * 1000);
      item.state.inFlight -= 1;
      if (item.partial) item.state.partial -= 1;
      depart(item.state, at);
    } else {
      const state = states[Math.floor(chance() * gateways)]!;
      state.waiting.push(next);
      depart(state, next);
      next += -Math.log(1 - chance()) / rate;
    }
  }
  return {
    transactionsPerSecond: transactions / seconds,
    readsPerTransaction: times.length / transactions,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    busy: work / seconds,
  };
}

/** What ends when, soonest first (binary heap). */
class Queue<Item> {
  private readonly heap: { at: number; item: Item }[] = [];

  get size(): number {
    return this.heap.length;
  }

  first(): number | undefined {
    return this.heap[0]?.at;
  }

  add(at: number, item: Item): void {
    this.heap.push({ at, item });
    for (let child = this.heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.heap[parent]!.at <= this.heap[child]!.at) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  take(): { at: number; item: Item } {
    const top = this.heap[0]!;
    const last = this.heap.pop()!;
    if (this.heap.length === 0) return top;
    this.heap[0] = last;
    for (let parent = 0; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let least = parent;
      for (const child of [left, right]) {
        if (child < this.heap.length && this.heap[child]!.at < this.heap[least]!.at) least = child;
      }
      if (least === parent) return top;
      this.swap(parent, least);
      parent = least;
    }
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }
}
