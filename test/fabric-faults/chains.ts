import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '@chartkey/gateway';
import type { LedgerBlock, LedgerTransaction } from '../../gateway/src/ledger/ledger.ts';
import { careMembers, DEMO_CONSORTIUM } from '../../network/consortium.ts';
import type { ConsortiumRun } from '../../network/demo/consortium-run.ts';

const peers = careMembers(DEMO_CONSORTIUM).map(({ id }) => id);
/** Milliseconds that peers get to catch up with each other. */
const CATCHING_UP = 30_000;

/** The chains of all four peers, which must be one. */
export class Chains {
  /** every block so far, as all peers hold it */
  readonly blocks: LedgerBlock[] = [];

  constructor(private readonly run: ConsortiumRun) {}

  /** Takes in what is new on every peer. @returns what is wrong with it */
  async takeIn(): Promise<string[]> {
    const ledgers = peers.map((id) => this.run.connect(id));
    try {
      const height = await sameHeight(ledgers);
      const first = this.blocks.length;
      const [own = [], ...others] = await Promise.all(ledgers.map((one) => blocksOf(one, first, height)));
      this.blocks.push(...own);
      return others.flatMap((other, at) =>
        own.flatMap((block, position) =>
          JSON.stringify(other[position]) === JSON.stringify(block)
            ? []
            : [`block ${block.number} of ${peers[at + 1]} is not ${peers[0]}’s`],
        ),
      );
    } finally {
      for (const ledger of ledgers) ledger.close();
    }
  }

  /** Valid transactions by their ids. */
  valid(): Map<string, LedgerTransaction> {
    const all = this.blocks.flatMap(({ transactions }) => transactions);
    return new Map(all.filter(({ valid }) => valid).map((one) => [one.id, one]));
  }

  /** First attributes of every key of a kind that valid transactions wrote. */
  written(objectType: string): string[] {
    return [...this.valid().values()].flatMap(({ writes }) =>
      writes.flatMap((one) => (one.objectType === objectType ? [one.attributes.join(' ')] : [])),
    );
  }
}

/** Waits until all peers hold as many blocks. @throws Error when one stays behind */
async function sameHeight(ledgers: Ledger[]): Promise<number> {
  for (const until = Date.now() + CATCHING_UP; ; await pause(200)) {
    const heights = await Promise.all(ledgers.map((one) => one.height()));
    const [highest, lowest] = [Math.max(...heights), Math.min(...heights)];
    if (highest === lowest) return highest;
    if (Date.now() > until) throw new Error(`peers stay at different heights: ${heights.join(', ')}`);
  }
}

async function blocksOf(ledger: Ledger, first: number, height: number): Promise<LedgerBlock[]> {
  const found: LedgerBlock[] = [];
  const enough = new AbortController();
  if (first >= height) return found;
  for await (const block of ledger.blocks(first, enough.signal)) {
    found.push(block);
    if (block.number >= height - 1) enough.abort();
  }
  return found;
}

/** When each block was first seen at any peer: the moments at which the network committed. */
export class CommitTimes {
  private readonly seen = new Map<number, number>();
  private readonly stopping = new AbortController();

  constructor(run: ConsortiumRun) {
    for (const id of peers) void this.follow(run.connect(id));
  }

  stop(): void {
    this.stopping.abort();
  }

  /** The longest time without a commit that ended or began in this window, in milliseconds. */
  longestPause(from: number, to: number): number {
    const times = [...this.seen.values()].filter((at) => at > from && at < to).sort((a, b) => a - b);
    const marks = [from, ...times, to];
    return Math.max(...marks.slice(1).map((at, before) => at - marks[before]!));
  }

  private async follow(ledger: Ledger): Promise<void> {
    const height = await ledger.height();
    for await (const { number } of ledger.blocks(height, this.stopping.signal)) {
      if (!this.seen.has(number)) this.seen.set(number, Date.now());
    }
    ledger.close();
  }
}
