import { join } from 'node:path';
import { ListedAccess } from '@chartkey/vocabulary';
import type { AccessFilter } from '../../../gateway/src/gateway.ts';
import { Lists } from '../../../gateway/src/projection/lists.ts';
import * as story from './chain-story.ts';
import { allPages, FilledIndex, look, me } from './filled-index.ts';
import { openIndex } from './index-rows.ts';

const { id } = story;
const patient = id('patient');
const other = id('other patient');

let filled: FilledIndex;
let lists: Lists;
beforeEach(async () => {
  filled = await FilledIndex.open();
  lists = filled.lists;
});
afterEach(() => filled.close());
const commit = (...make: story.MakeWrites[]) => filled.commit(...make);

describe('the log of a patient', () => {
  test('is newest first, in the shape that the wire has, and about that patient only', async () => {
    const [first, second] = await commit(
      look({ patient }, { patient: other }, { patient, denied: true }),
      look({ patient, list: true }),
    );
    const { items, next } = await lists.accessesOf(patient, me);
    expect(next).toBeUndefined();
    expect(items.map(({ access }) => access)).toEqual([
      `${second?.id}:0`,
      `${first?.id}:2`,
      `${first?.id}:0`,
    ]);
    for (const item of items) expect(ListedAccess.strict().parse(item)).toEqual(item);
    expect(items[1]).toMatchObject({
      decision: 'denied',
      code: 'NO_GRANT',
      block: 0,
      transaction: first?.id,
    });
    expect(items[0]).toMatchObject({ kind: 'list', decision: 'granted', basis: 'grant', block: 1 });
  });

  test('comes in pages of 50 that show every entry once while new ones arrive', async () => {
    const looks = Array.from({ length: 40 }, () => look({ patient }, { patient: other }, { patient }));
    await commit(...looks, look(...Array.from({ length: 43 }, () => ({ patient }))));
    const before = filled.number;
    const pages = await allPages(
      (request) => lists.accessesOf(patient, request),
      () => commit(look({ patient })),
    );
    expect(pages.map((page) => page.length)).toEqual([50, 50, 23]);
    const seen = pages.flat().map(({ access }) => access);
    expect(new Set(seen).size).toBe(123);
    expect((await lists.accessesOf(patient, me)).items[0]?.block).toBe(before + 2);
  });

  test.each([0, 1, 49, 50, 51, 100, 101])('of %i entries ends where it ends', async (count) => {
    await commit(...Array.from({ length: count }, () => look({ patient })));
    const pages = await allPages((request) => lists.accessesOf(patient, request));
    expect(pages.flat()).toHaveLength(count);
    expect(pages).toHaveLength(Math.max(1, Math.ceil(count / 50)));
  });

  test('is the same after the index was deleted and filled again', async () => {
    const transactions = await commit(
      ...Array.from({ length: 70 }, () => look({ patient }, { patient: other })),
    );
    const again = await openIndex(join(filled.folder.path, 'again'));
    await again.take(transactions.map((transaction, at) => ({ number: at, transactions: [transaction] })));
    const afresh = new Lists(again.database, () => true);
    expect(await allPages((request) => afresh.accessesOf(patient, request))).toEqual(
      await allPages((request) => lists.accessesOf(patient, request)),
    );
    await again.close();
  });
});

describe('an audit of accesses', () => {
  const filters: AccessFilter[] = [
    {},
    { patient },
    { organisation: 'RiversideMSP' },
    { device: id('river') },
    { device: id('river'), decision: 'denied' },
    { decision: 'granted', organisation: 'LakesideMSP' },
    { basis: 'grant', patient: other },
    { basis: 'custodian' },
    { from: story.instant(20), to: story.instant(30) },
    { from: story.instant(20), to: story.instant(30), patient },
    { to: story.instant(20), device: id('lake') },
    { from: story.instant(30), decision: 'denied' },
  ];

  test.each(filters)('with the filter %j finds what a look at every entry finds', async (filter) => {
    const devices = ['river', 'lake', 'river 2'];
    const looks = Array.from({ length: 60 }, (_, at) =>
      look(
        { patient, device: devices[at % 3] ?? '', denied: at % 5 === 0 },
        { patient: other, device: devices[at % 2] ?? '', denied: at % 7 === 0 },
      ),
    );
    await commit(...looks);
    const all = [...(await allPages((request) => lists.accessesOf(patient, request))).flat()];
    all.push(...(await allPages((request) => lists.accessesOf(other, request))).flat());
    const expected = all.filter((entry) => {
      const { from = '', to = '9', ...same } = filter;
      const fits = Object.entries(same).every(([name, value]) => entry[name as keyof typeof same] === value);
      return fits && entry.time >= from && entry.time <= to;
    });
    const found = (await allPages((request) => lists.auditAccesses(filter, request))).flat();
    expect(found.map(({ access }) => access).sort()).toEqual(expected.map(({ access }) => access).sort());
    const times = found.map(({ time }) => time);
    expect(times).toEqual([...times].sort().reverse());
  });

  test('that finds next to nothing in a long log is bounded page by page, and still finds it', async () => {
    const many = look(...Array.from({ length: 64 }, () => ({ patient })));
    await commit(look({ patient, denied: true }), ...Array.from({ length: 170 }, () => many));
    const pages = await allPages((request) => lists.auditAccesses({ decision: 'denied' }, request));
    expect(pages.map((page) => page.length)).toEqual([0, 0, 1]);
  });
});
