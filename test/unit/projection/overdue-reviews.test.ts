import { join } from 'node:path';
import { Failure, type LedgerEvent } from '@chartkey/vocabulary';
import fc from 'fast-check';
import { EventLog } from '../../../gateway/src/events/event-log.ts';
import { News } from '../../../gateway/src/events/news.ts';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import type { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import { OverdueClock } from '../../../gateway/src/projection/overdue-clock.ts';
import * as story from './chain-story.ts';
import { look } from './filled-index.ts';
import { everything, openIndex, rowsIn } from './index-rows.ts';

const { id, base32, instant, transaction } = story;
const WEEK = 7 * 86_400;
const patient = id('patient');
const lake = { organisation: 'LakesideMSP' };

interface OpeningWords {
  /** ledger time of the opening, seconds of the story */
  at?: number;
  review?: boolean;
  second?: boolean;
  reviewBy?: string;
}
/** What broke the glass, or changed that afterwards. */
const glass =
  (word: string, { at = 0, review, second, reviewBy = instant(at + WEEK) }: OpeningWords = {}) =>
  (): ReturnType<story.MakeWrites> => [
    {
      objectType: 'opening',
      attributes: [id(word)],
      value: {
        ...{ opening: id(word), patient, ...lake, key: id('key'), practitioner: base32('one') },
        ...{ device: id('ehr'), reason: 'unconscious', text: id('words'), openedAt: instant(at) },
        ...{ until: instant(at + 3600), reviewBy },
        ...(second && { second: { statement: id('s'), key: id('k'), practitioner: base32('two') } }),
        ...(review && {
          review: {
            ...{ statement: id(`review of ${word}`), ...lake, key: id('officer') },
            ...{ justified: true, reason: 'necessary', at: instant(at + 1) },
          },
        }),
      },
    },
  ];
const looks = look({ patient });
const block = (...transactions: [number, story.MakeWrites][]) =>
  transactions.map(([number, writes]) => transaction(number, writes));

/** Three openings: one reviewed in time, one too late, one never. */
const life: LedgerBlock[] = story.chain(
  block([1, glass('late')], [2, glass('in time')]),
  block([3, glass('late', { second: true })]),
  block([1000, glass('in time', { review: true })]),
  block([WEEK, looks]),
  [{ ...transaction(WEEK + 1, looks), valid: false }],
  block([WEEK + 2, glass('never', { at: WEEK + 2 })]),
  block([WEEK + 100, glass('late', { review: true })]),
  block([2 * WEEK + 3, looks], [2 * WEEK + 4, looks]),
  block([3 * WEEK, looks]),
);
const opened = (word: string) =>
  life.flatMap(({ transactions, number }) =>
    transactions
      .filter(({ writes }) => writes.some(({ attributes }) => attributes[0] === id(word)))
      .map((one) => ({ transaction: one.id, block: number })),
  )[0];

let folder: ReturnType<typeof story.temporaryFolder>;
let index: BlockIndex;
let log: EventLog;
const open = async (name: string) => {
  index = await openIndex(join(folder.path, name));
  log = new EventLog(index.database, () => index.next());
};
beforeEach(async () => {
  folder = story.temporaryFolder();
  await open('own');
});
afterEach(async () => {
  await index.close();
  folder.remove();
});

const events = async (audience: Parameters<EventLog['page']>[0] = { patient }, after = '0.0') =>
  (await log.page(audience, after, 100)).events;
const overdue = (all: LedgerEvent[]) => all.filter(({ kind }) => kind === 'review-overdue');
const about = (word: string, cursor: string, time: string) => {
  return { cursor, kind: 'review-overdue', time, ...opened(word), patient, ...lake, opening: id(word) };
};

test('a review that nobody made is told once, before all of the first block past its deadline', async () => {
  await index.take(life);
  const expected = [about('late', '5.1', instant(WEEK)), about('never', '7.1', instant(2 * WEEK + 2))];
  expect(overdue(await events())).toEqual(expected);
  expect(overdue(await events(lake))).toEqual(expected);
  expect(overdue(await events({ organisation: 'RiversideMSP' }))).toEqual([]);
  const kinds = (await events()).map(({ kind, opening }) => (opening ? `${kind} ${opening}` : kind));
  const [late, never] = [id('late'), id('never')];
  expect(kinds.slice(kinds.indexOf('accessed'))).toEqual([
    ...['accessed', `review-overdue ${late}`, `break-glass ${never}`, `break-glass-reviewed ${late}`],
    ...[`review-overdue ${never}`, 'accessed', 'accessed', 'accessed'],
  ]);
});

test('the same is told at the same places however the blocks arrive, also with restarts between', async () => {
  const whole = await rowsIn(join(folder.path, 'whole'), [life]);
  expect(whole['reviews']).toHaveLength(1);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.nat(4), back: fc.nat(2), reopen: fc.boolean() }), { maxLength: 8 }),
      async (steps) => {
        const portions: LedgerBlock[][] = [];
        let at = 0;
        for (const { size, back } of steps) {
          portions.push(life.slice(Math.max(0, at - back), at + size));
          at += size;
        }
        portions.push(life.slice(at));
        run += 1;
        const reopens = steps.map(({ reopen }) => reopen);
        expect(await rowsIn(join(folder.path, `run ${run}`), portions, reopens)).toEqual(whole);
      },
    ),
    { numRuns: 15, seed: 6 },
  );
});

describe('while no block comes', () => {
  const past = instant(WEEK + 1);
  beforeEach(() => index.take(life.slice(0, 5)));

  test('the clock tells what the next block would, and that tells it no more', async () => {
    const before = (await events()).at(-1)!.cursor;
    expect(await index.hasOverdue(instant(WEEK))).toBe(false);
    expect(await index.hasOverdue(past)).toBe(true);
    const told = await index.tellOverdue(past);
    log.renew();
    expect([...told]).toEqual([`patient ${patient}`, 'organisation LakesideMSP']);
    const expected = about('late', '5.1', instant(WEEK));
    expect(await events({ patient }, before)).toEqual([expected]);
    await index.take(life.slice(5));
    expect(overdue(await events())).toEqual([expected, about('never', '7.1', instant(2 * WEEK + 2))]);
    expect((await events({ patient }, expected.cursor))[0]).toMatchObject({ kind: 'break-glass' });
    const rows = await everything(index.database);
    expect(rows).toEqual(await rowsIn(join(folder.path, 'without the clock'), [life]));
  });

  test('it tells nothing twice, also after a restart', async () => {
    await index.tellOverdue(past);
    await index.close();
    await open('own');
    expect(await index.hasOverdue(past)).toBe(false);
    expect([...(await index.tellOverdue(past))]).toEqual([]);
    expect(overdue(await events())).toHaveLength(1);
  });

  test('several that are overdue stand in the order of their deadlines', async () => {
    await index.take(
      story.chain(...life.slice(0, 5).map(({ transactions }) => transactions), [
        transaction(5, glass('second', { at: 4 })),
        transaction(6, glass('first', { at: 3 })),
      ]),
    );
    await index.tellOverdue(past);
    await index.tellOverdue(instant(WEEK + 10));
    const places = overdue(await events()).map(({ opening, cursor }) => [opening, cursor]);
    expect(places).toEqual([
      [id('late'), '6.1'],
      [id('first'), '6.2'],
      [id('second'), '6.3'],
    ]);
  });

  test('who listens is woken, but not while a review may be hidden', async () => {
    const reviewBy = '2001-01-01T00:00:00.000Z';
    await index.take([{ number: 5, transactions: [transaction(4, glass('old', { reviewBy }))] }]);
    const before = (await events()).at(-1)!.cursor;
    const news = new News();
    let isCurrent = false;
    let looked = () => {};
    const first = new Promise<void>((resolve) => {
      looked = resolve;
    });
    const current = async () => {
      looked();
      if (!isCurrent) throw new Failure('INDEX_BEHIND');
    };
    const said: unknown[] = [];
    const make = () =>
      new OverdueClock({
        ...{ index, events: log, news, current },
        log: { warn: (about: unknown) => void said.push(about) },
      }).start();
    const bell = news.listen({ patient });
    const behind = make();
    await first;
    await behind.stop();
    expect(overdue(await events({ patient }, before))).toEqual([]);
    isCurrent = true;
    const clock = make();
    await bell.wait(60_000, new AbortController().signal);
    expect(overdue(await events({ patient }, before)).map(({ opening }) => opening)).toContain(id('old'));
    await clock.stop();
    expect(said).toEqual([]);
  });
});
