import type { LedgerEvent } from '@chartkey/vocabulary';
import { EventLog } from '../../../gateway/src/events/event-log.ts';
import { Listening } from '../../../gateway/src/events/listening.ts';
import { News } from '../../../gateway/src/events/news.ts';
import type { Caller } from '../../../gateway/src/gateway.ts';
import { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import { indexIn } from '../../support/services.ts';
import * as story from '../projection/chain-story.ts';
import { failure, look } from '../projection/filled-index.ts';

const patient = story.id('patient');
const LONG = 1_000_000;

let folder: ReturnType<typeof story.temporaryFolder>;
let index: BlockIndex;
let news: News;
let number: number;
let stands: boolean;
let over: AbortController;
beforeEach(async () => {
  folder = story.temporaryFolder();
  news = new News();
  index = await BlockIndex.open({ place: await indexIn(folder.path), network: story.NETWORK, news });
  await index.resume();
  [number, stands, over] = [0, true, new AbortController()];
});
afterEach(async () => {
  over.abort();
  await index.close();
  folder.remove();
});

const listening = () =>
  new Listening({
    log: new EventLog(index.database, () => index.next()),
    news,
    current: async () => undefined,
    now: async () => new EventLog(index.database, () => index.next()).now(),
    stands: async () => stands,
    streamsPerCaller: 2,
  });
const callerUntil = (milliseconds: number): Caller => ({
  session: {
    ...{ session: story.id('session'), subject: 'patient', id: patient, startedBy: 'RiversideMSP' },
    ...{ purposes: ['PATRQT'], until: new Date(Date.now() + milliseconds).toISOString() },
  },
});
const commit = (...entries: Parameters<typeof look>) =>
  index.take([{ number: index.next(), transactions: [story.transaction(++number, look(...entries))] }]);
const follow = (caller = callerUntil(LONG), beat = LONG, after?: string) =>
  listening().follow(caller, { patient }, { beat, signal: over.signal, after });

/** Reads on until so many events came. */
async function heard(batches: AsyncIterator<LedgerEvent[]>, count: number): Promise<string[]> {
  const kinds: string[] = [];
  while (kinds.length < count) {
    const step = await batches.next();
    if (step.done) throw new Error('it ended');
    kinds.push(...step.value.map(({ kind }) => kind));
  }
  return kinds;
}
const iterated = async (stream: ReturnType<typeof follow>) => (await stream).batches[Symbol.asyncIterator]();

test('what is committed is heard without waiting for a beat', async () => {
  const batches = await iterated(follow());
  expect(await batches.next()).toEqual({ done: false, value: [] });
  const next = heard(batches, 1);
  await commit({ patient });
  expect(await next).toEqual(['accessed']);
});

test('what is committed while a reader is busy waits for it', async () => {
  const batches = await iterated(follow());
  await batches.next();
  for (let round = 0; round < 120; round += 1) await commit({ patient, denied: round % 2 === 0 });
  expect(await heard(batches, 120)).toHaveLength(120);
});

test('another patient’s events wake nobody', async () => {
  const batches = await iterated(follow(callerUntil(LONG), 200));
  await batches.next();
  await commit({ patient: story.id('another') });
  expect(await batches.next()).toEqual({ done: false, value: [] });
});

test('a stream ends with its session, and when its device is revoked', async () => {
  const ending = await iterated(follow(callerUntil(100)));
  await ending.next();
  expect(await ending.next()).toEqual({ done: true, value: undefined });
  const revoked = await iterated(follow());
  await revoked.next();
  const next = revoked.next();
  stands = false;
  await commit({ patient });
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a stream whose listener left ends at once', async () => {
  const batches = await iterated(follow());
  await batches.next();
  const next = batches.next();
  over.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a caller has so many streams, and another one when it leaves one', async () => {
  const room = listening();
  const open = () =>
    room.follow(callerUntil(LONG), { patient }, { beat: LONG, signal: over.signal, after: undefined });
  const [one] = [await open(), await open()];
  await expect(open()).rejects.toEqual(failure('TOO_MANY_STREAMS'));
  one.leave();
  one.leave();
  await open();
  await expect(open()).rejects.toEqual(failure('TOO_MANY_STREAMS'));
});

test('whoever listens looks again after the database was lost', async () => {
  const batches = await iterated(follow());
  await batches.next();
  const next = batches.next();
  await index.resume();
  expect(await next).toEqual({ done: false, value: [] });
});
