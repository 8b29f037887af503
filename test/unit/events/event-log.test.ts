import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerEvent } from '@chartkey/vocabulary';
import type { Audience } from '../../../gateway/src/events/audience.ts';
import { EventLog } from '../../../gateway/src/events/event-log.ts';
import * as story from '../projection/chain-story.ts';
import { FilledIndex, failure, look } from '../projection/filled-index.ts';

const { id, base32 } = story;
const patient = id('patient');
const river: Audience = { organisation: 'RiversideMSP' };
const lake: Audience = { organisation: 'LakesideMSP' };

let filled: FilledIndex;
let log: EventLog;
beforeEach(async () => {
  filled = await FilledIndex.open();
  log = new EventLog(filled.index.database, () => filled.index.next());
});
afterEach(() => filled.close());

/** Every event of an audience, read in pages. */
async function all(audience: Audience, limit = 3, after = '0.0'): Promise<LedgerEvent[]> {
  const found: LedgerEvent[] = [];
  for (let at = after; ; ) {
    const page = await log.page(audience, at, limit);
    found.push(...page.events);
    at = page.after;
    if (!page.more) return found;
  }
}
const kinds = async (audience: Audience) => (await all(audience)).map(({ kind }) => kind);

test('the record’s custodian is told of others’ looks, once of its own, and nobody else', async () => {
  await filled.commit((tx) => story.recordWrites(tx, base32('record'), patient));
  await filled.commit(look({ patient, denied: true }), look({ patient, device: 'river' }));
  expect(await kinds({ patient })).toEqual(['recorded', 'denied', 'accessed']);
  expect(await kinds(river)).toEqual(['recorded', 'denied', 'accessed']);
  expect(await kinds(lake)).toEqual(['denied']);
  expect(await kinds({ organisation: 'RegulatorMSP' })).toEqual([]);
  expect(await kinds({ patient: id('another') })).toEqual([]);
});

test('a look at a record of the same batch of blocks finds its custodian', async () => {
  await filled.commit(
    (tx) => story.recordWrites(tx, base32('record'), patient),
    look({ patient, denied: true }),
  );
  expect(await kinds(river)).toEqual(['recorded', 'denied']);
});

test('pages of any size hold the same events in the same order', async () => {
  await filled.commit((tx) => story.recordWrites(tx, base32('record'), patient));
  for (let round = 0; round < 5; round += 1) {
    await filled.commit(look({ patient }, { patient, device: 'river' }, { patient, denied: true }));
  }
  for (const audience of [river, lake, { patient }]) {
    const whole = await all(audience, 1000);
    expect(whole.length).toBeGreaterThan(9);
    for (const limit of [1, 2, 7]) expect(await all(audience, limit)).toEqual(whole);
    const middle = whole[4]!.cursor;
    expect(await all(audience, 2, middle)).toEqual(whole.slice(5));
  }
});

test('what comes between the reading of an organisation’s two lists is not passed over', async () => {
  await filled.commit((tx) => story.recordWrites(tx, base32('record'), patient));
  await filled.commit(look({ patient, denied: true }));
  let queries = 0;
  const meanwhile = () => filled.commit(look({ patient, device: 'river' }, { patient, denied: true }));
  const database = delayed(filled.index.database, async () => {
    queries += 1;
    if (queries !== 2) return;
    await pause(50);
    await meanwhile();
  });
  const slow = new EventLog(database, () => filled.index.next());
  const first = await slow.page(river, '0.0', 50);
  const rest = await log.page(river, first.after, 50);
  const heard = [...first.events, ...rest.events].map(({ cursor }) => cursor);
  expect(queries).toBe(3);
  expect(heard).toEqual((await all(river, 1000)).map(({ cursor }) => cursor));
  expect(heard).toHaveLength(4);
});

/** The same database, with something else happening before each query. */
function delayed<Target extends object>(target: Target, before: () => Promise<void>): Target {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name === 'execute') return () => before().then(() => value.call(target));
      return (...words: unknown[]) => delayed(value.apply(target, words), before);
    },
  });
}

test('who stands at the same place shares one reading, until the index takes in more', async () => {
  await filled.commit(look({ patient }));
  let queries = 0;
  const counted = delayed(filled.index.database, async () => {
    queries += 1;
  });
  const shared = new EventLog(counted, () => filled.index.next());
  const all100 = () => Promise.all(Array.from({ length: 100 }, () => shared.page({ patient }, '0.0', 50)));
  for (const { events } of await all100()) expect(events).toHaveLength(1);
  expect(queries).toBe(2);
  await filled.commit(look({ patient }));
  for (const { events } of await all100()) expect(events).toHaveLength(2);
  expect(queries).toBe(4);
});

test('only what is new comes after now', async () => {
  await filled.commit(look({ patient }));
  const now = log.now();
  expect(await all({ patient }, 5, now)).toEqual([]);
  await filled.commit(look({ patient, denied: true }));
  expect((await all({ patient }, 5, now)).map(({ kind }) => kind)).toEqual(['denied']);
});

test.each(['', '1', '1.', '.1', '01.1', '1.1.1', '-1.1', '1.1 ', '1e3.1', '1234567890.1'])(
  '%j is no cursor',
  async (cursor) => {
    await expect(log.page({ patient }, cursor, 5)).rejects.toEqual(failure('CURSOR_INVALID'));
  },
);

test('a database that does not answer is an index that is behind', async () => {
  const other = await FilledIndex.open();
  const lost = new EventLog(other.index.database, () => 0);
  await other.close();
  await expect(lost.page({ patient }, '0.0', 5)).rejects.toEqual(failure('INDEX_BEHIND'));
});
