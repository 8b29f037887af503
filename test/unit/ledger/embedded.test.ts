import type { Failure } from '@chartkey/vocabulary';
import { Group } from '../../../gateway/src/ledger/group.ts';
import type { Ledger, LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { type EmbeddedLedger, startEmbedded } from './embedded.ts';

let embedded: EmbeddedLedger;
let ledger: Ledger;

beforeAll(async () => {
  embedded = await startEmbedded();
  ledger = await embedded.connect('RiversideMSP', { findOut: 5_000 });
});
afterAll(async () => {
  ledger.close();
  await embedded.stop();
});

const countOf = async (name: string) =>
  ((await ledger.evaluate('tally:of', name)) as { count: number }).count;

/** Repeats what was not submitted, while the connection waits (at most a second) before it tries again. */
async function answeringAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if ((error as Failure).code !== 'LEDGER_UNAVAILABLE' || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('what was submitted is there, in the block that was named, under the id that was named', async () => {
  const committed = await ledger.submit('tally:count', { names: ['first', 'second'] });
  expect(committed.result).toEqual({ counts: [1, 1] });
  expect(await countOf('first')).toBe(1);
  expect(await ledger.commitOf(committed.transaction, 1_000)).toEqual({
    block: committed.block,
    valid: true,
  });
  for await (const block of ledger.blocks(committed.block, AbortSignal.timeout(10_000))) {
    expect(block.transactions).toEqual([
      {
        id: committed.transaction,
        valid: true,
        time: expect.stringMatching(/^20\d\d-.*\.\d{3}Z$/),
        writes: ['first', 'second'].map((name) => ({
          objectType: 'tally',
          attributes: [name],
          value: { count: 1 },
        })),
      },
    ]);
    break;
  }
});

test('the height is the number of the block that comes next', async () => {
  const { block } = await ledger.submit('tally:note', { names: ['height'] });
  expect(await ledger.height()).toBe(block + 1);
});

test('all blocks from the genesis on are read, chained, with deletions told as such', async () => {
  await ledger.submit('tally:note', { names: ['gone'] });
  const last = await ledger.submit('tally:drop', { names: ['gone'] });
  const numbers: number[] = [];
  let newest: LedgerBlock | undefined;
  for await (const block of ledger.blocks(0, AbortSignal.timeout(10_000))) {
    numbers.push(block.number);
    newest = block;
    if (block.number === last.block) break;
  }
  expect(numbers).toEqual(Array.from({ length: last.block + 1 }, (_, at) => at));
  expect(newest?.transactions[0]?.writes).toEqual([
    { objectType: 'tally', attributes: ['gone'], value: undefined },
  ]);
});

test('a refusal of the chaincode keeps its code and its ids', async () => {
  await expect(ledger.evaluate('tally:strict', '7')).rejects.toMatchObject({
    code: 'STALE_SEQUENCE',
    about: { expected: '7' },
  });
  await expect(ledger.submit('tally:note', { names: ['foreign'] })).rejects.toMatchObject({
    code: 'SESSION_FOREIGN',
  });
  await expect(ledger.evaluate('tally:nothing', '7')).rejects.toMatchObject({ code: 'BROKEN' });
});

test('what is not wanted after endorsement is not on the ledger', async () => {
  const committed = await ledger.submit('tally:note', { names: ['unwanted'] }, { when: () => false });
  expect(committed.block).toBe(-1);
  expect(await countOf('unwanted')).toBe(0);
  await expect(ledger.commitOf(committed.transaction, 200)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
  });
});

test('of transactions that change one key at once each is counted or told LEDGER_CONFLICT', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () => ledger.submit('tally:count', { names: ['contested'] })),
  );
  const failures = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect(new Set(failures)).toEqual(new Set(['LEDGER_CONFLICT']));
  expect(await countOf('contested')).toBe(results.length - failures.length);
});

test('a third party submits and evaluates but gets no blocks', async () => {
  const insurer = await embedded.connect('InsurerMSP');
  await insurer.submit('tally:note', { names: ['insured'] });
  expect(await insurer.evaluate('tally:of', 'insured')).toEqual({ count: 1 });
  const reading = insurer.blocks(0, AbortSignal.timeout(10_000))[Symbol.asyncIterator]().next();
  await expect(reading).rejects.toMatchObject({ code: 'CARE_MEMBERS_ONLY' });
  insurer.close();
});

test('a crowd shares transactions, contested items included, and every item counts once', async () => {
  const group = new Group<string, number>({
    send: async (names) => {
      const { result } = await ledger.submit('tally:count', { names });
      return (result as { counts: number[] }).counts;
    },
    fairBy: () => '',
    keysOf: (name) => [name],
  });
  let going = true;
  const rival = (async () => {
    while (going) await ledger.submit('tally:count', { names: ['crowd7'] }).catch(() => undefined);
  })();
  const names = Array.from({ length: 300 }, (_, at) => `crowd${at}`);
  const outcomes = await Promise.allSettled(names.map((name) => group.add(name)));
  going = false;
  await rival;
  const others = outcomes.filter((_, at) => at !== 7);
  expect(others.filter((one) => one.status === 'rejected' || one.value !== 1)).toEqual([]);
  expect(group.transactions).toBeLessThan(100);
});

test('when the ledger dies under load no success is lost and no refusal shows up later', async () => {
  // Gives up soon after the ledger is gone, so some of its transactions stay unknown.
  const hasty = await embedded.connect('LakesideMSP', { findOut: 1 });
  let going = true;
  let committed = 0;
  const told = new Map<string, Failure | 'committed'>();
  const submitting = Array.from({ length: 16 }, async (_, lane) => {
    for (let at = 0; going || at === 0; at += 1) {
      const name = `killed-${lane}-${at}`;
      const way = lane % 2 === 0 ? ledger : hasty;
      const outcome = await way.submit('tally:note', { names: [name] }).then(
        () => 'committed' as const,
        (failure: Failure) => failure,
      );
      if (outcome === 'committed') committed += 1;
      told.set(name, outcome);
      // A ledger that is gone refuses at once; a breath keeps the loop from spinning.
      if (outcome !== 'committed') await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const reader = new AbortController();
  const seen = new Set<string>();
  const reading = (async () => {
    for await (const { transactions } of ledger.blocks(0, reader.signal)) {
      for (const { writes } of transactions)
        for (const { attributes } of writes) seen.add(attributes[0] ?? '');
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const enough = committed + 50 + 17 * round;
    while (committed < enough) await new Promise((resolve) => setTimeout(resolve, 1));
    await embedded.kill();
    await embedded.restart();
  }
  going = false;
  await Promise.all(submitting);
  await answeringAgain(() => ledger.submit('tally:note', { names: ['after'] }));

  const refusals = new Set<string>();
  const check = async (name: string, outcome: Failure | 'committed') => {
    const there = (await countOf(name)) === 1;
    let expected = outcome === 'committed';
    if (outcome !== 'committed' && outcome.code === 'OUTCOME_UNKNOWN') {
      const found = ledger.commitOf(`${outcome.about['transaction']}`, 1_000);
      expected = await found.then(
        ({ valid }) => valid,
        () => false,
      );
    } else if (outcome !== 'committed') {
      refusals.add(outcome.code);
    }
    expect([name, there]).toEqual([name, expected]);
  };
  const all = [...told];
  const share = async () => {
    for (let one = all.pop(); one; one = all.pop()) await check(...one);
  };
  await Promise.all(Array.from({ length: 16 }, share));
  expect([...refusals]).toEqual(['LEDGER_UNAVAILABLE']);
  while (!seen.has('after')) await new Promise((resolve) => setTimeout(resolve, 20));
  reader.abort();
  await reading;
  hasty.close();
  for (const [name, outcome] of told) if (outcome === 'committed') expect(seen).toContain(name);
}, 120_000);
