import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import { BlockBroken } from '../../../gateway/src/ledger/chain.ts';
import { AheadOfLedger, Follower } from '../../../gateway/src/projection/follower.ts';
import { type ArrivedBlock, freshBlocks, type Sink } from '../../../gateway/src/projection/sink.ts';
import { GrowingChain } from './growing-chain.ts';

class Memory implements Sink {
  readonly name = 'memory';
  readonly taken: ArrivedBlock[] = [];
  readonly batches: number[] = [];
  refusals = 0;

  constructor(private readonly begin = 0) {}

  next(): number {
    return this.begin + this.taken.length;
  }

  async take(blocks: readonly ArrivedBlock[]): Promise<void> {
    await pause(1);
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('the disk is full');
    }
    const fresh = freshBlocks(blocks, this.next());
    this.taken.push(...fresh);
    this.batches.push(fresh.length);
  }
}

const running: Follower[] = [];
function follow(
  chain: GrowingChain,
  sinks: Sink[],
  more: object = {},
): { follower: Follower; said: string[] } {
  const said: string[] = [];
  const log = {
    warn: (_: object, message: string) => said.push(message),
    error: (_: object, message: string) => said.push(message),
  };
  const follower = new Follower({ ledger: chain, sinks, log, pauses: [1, 4], ...more });
  running.push(follower);
  follower.start();
  return { follower, said };
}
afterEach(async () => {
  for (const follower of running.splice(0)) await follower.stop();
});
const numbers = (sink: Memory) => sink.taken.map(({ number }) => number);
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

describe('a follower', () => {
  test('gives every block once and in order, a backlog in large batches', async () => {
    const sink = new Memory();
    const chain = new GrowingChain(600);
    const { follower } = follow(chain, [sink]);
    expect(await follower.reached(599, 10_000)).toBe(true);
    chain.grow(3);
    expect(await follower.reached(602, 10_000)).toBe(true);
    expect(numbers(sink)).toEqual(upTo(603));
    expect(sink.batches.length).toBeLessThan(20);
    expect(follower.height).toBe(602);
  });

  test('has caught up when it has what the ledger held at its start', async () => {
    const chain = new GrowingChain(5);
    const sink = new Memory();
    let tell = (_: number) => {};
    chain.height = () => new Promise((resolve) => (tell = resolve));
    const { follower } = follow(chain, [sink]);
    await follower.reached(4, 10_000);
    expect(follower.caughtUp).toBe(false);
    tell(7);
    await pause(1);
    expect(follower.caughtUp).toBe(false);
    chain.grow(2);
    await follower.reached(6, 10_000);
    expect(follower.caughtUp).toBe(true);
  });

  test('has caught up at once with a ledger that has nothing new', async () => {
    const { follower } = follow(new GrowingChain(3), [new Memory(3)]);
    while (!follower.caughtUp) await pause(1);
    expect(follower.height).toBe(2);
  });

  test('tells the arrival of blocks that are new, and of no others', async () => {
    const chain = new GrowingChain(3);
    const sink = new Memory();
    const { follower } = follow(chain, [sink]);
    await follower.reached(2, 10_000);
    while (!follower.caughtUp) await pause(1);
    const before = Date.now();
    chain.grow(1);
    await follower.reached(3, 10_000);
    expect(sink.taken.map(({ arrivedAt }) => arrivedAt !== undefined)).toEqual([false, false, false, true]);
    expect(sink.taken[3]?.arrivedAt).toBeGreaterThanOrEqual(before);
  });

  test('starts where the sink that has least left off, and repeats nothing for the others', async () => {
    const [behind, ahead] = [new Memory(2), new Memory(4)];
    const chain = new GrowingChain(6);
    const { follower } = follow(chain, [ahead, behind]);
    await follower.reached(5, 10_000);
    expect(chain.starts).toEqual([2]);
    expect(numbers(behind)).toEqual([2, 3, 4, 5]);
    expect(numbers(ahead)).toEqual([4, 5]);
  });

  test('says what failed and goes on from where it was', async () => {
    const chain = new GrowingChain(10);
    chain.failures.set(4, new Failure('LEDGER_UNAVAILABLE'));
    const sink = new Memory();
    sink.refusals = 2;
    const { follower, said } = follow(chain, [sink]);
    expect(await follower.reached(9, 10_000)).toBe(true);
    expect(numbers(sink)).toEqual(upTo(10));
    expect(new Set(said)).toEqual(new Set(['following the blocks failed']));
  });

  test('goes on when the ledger’s height could not be learned at first', async () => {
    const chain = new GrowingChain(3);
    let asked = 0;
    chain.height = async () => {
      asked += 1;
      if (asked === 1) throw new Failure('LEDGER_UNAVAILABLE');
      return 3;
    };
    const { follower } = follow(chain, [new Memory()]);
    await follower.reached(2, 10_000);
    while (!follower.caughtUp) await pause(1);
    expect(asked).toBe(2);
  });

  test.each([
    ['a broken chain', new BlockBroken(4, 'it does not follow the block before it')],
    ['a peer that gives it no blocks', new Failure('CARE_MEMBERS_ONLY')],
  ])('stops for good at %s, with an alarm', async (_, failure) => {
    const chain = new GrowingChain(10);
    chain.failures.set(4, failure);
    const alarms: Error[] = [];
    const { follower } = follow(chain, [new Memory()], { alarm: (reason: Error) => alarms.push(reason) });
    while (alarms.length === 0) await pause(1);
    await pause(10);
    expect(alarms).toEqual([failure]);
    expect(chain.starts).toHaveLength(1);
    expect(follower.caughtUp).toBe(false);
    expect(await follower.reached(9, 5)).toBe(false);
  });

  test('stops with an alarm when one of its sinks is ahead of the ledger', async () => {
    const alarms: Error[] = [];
    follow(new GrowingChain(3), [new Memory(5), new Memory(1)], {
      alarm: (reason: Error) => alarms.push(reason),
    });
    while (alarms.length === 0) await pause(1);
    expect(alarms[0]).toBeInstanceOf(AheadOfLedger);
    expect(alarms[0]?.message).toContain('only 3 blocks');
  });

  test('says that a block was not reached when the time is over or it stops', async () => {
    const { follower } = follow(new GrowingChain(2), [new Memory()]);
    expect(await follower.reached(2, 20)).toBe(false);
    const waiting = follower.reached(2, 60_000);
    await follower.stop();
    expect(await waiting).toBe(false);
    expect(await follower.reached(1, 0)).toBe(follower.height >= 1);
  });

  test('stops before it ever reached its ledger', async () => {
    const chain = new GrowingChain(0);
    chain.height = () => new Promise(() => {});
    const { follower } = follow(chain, [new Memory()]);
    await follower.stop();
    expect(follower.height).toBe(-1);
  });
});
