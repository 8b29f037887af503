import { instantAt, type LedgerEvent } from '@chartkey/vocabulary';
import { WebhookCalls } from '../../../gateway/src/events/calls.ts';
import { Delivering } from '../../../gateway/src/events/delivering.ts';
import { Egress } from '../../../gateway/src/events/egress.ts';
import { EventLog } from '../../../gateway/src/events/event-log.ts';
import { Lanes } from '../../../gateway/src/events/lanes.ts';
import { News } from '../../../gateway/src/events/news.ts';
import { type WebhookNote, WebhookNotes } from '../../../gateway/src/events/webhook-notes.ts';
import { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import { gatewayDevice } from '../../../gateway/src/release/index.ts';
import { openFileStore } from '../../../gateway/src/vault/index.ts';
import { eventually } from '../../journeys/cast.ts';
import { testKey } from '../../support/signing.ts';
import { WebhookReceiver, willing } from '../../support/webhook-receiver.ts';
import * as story from '../projection/chain-story.ts';
import { look } from '../projection/filled-index.ts';

const patient = story.id('patient');
const DAY = 86_400_000;

let folder: ReturnType<typeof story.temporaryFolder>;
let index: BlockIndex;
let news: News;
let notes: WebhookNotes;
let receiver: WebhookReceiver;
let clock: number;
let pauses: number[];
let said: string[];
const running: Delivering[] = [];

beforeEach(async () => {
  folder = story.temporaryFolder();
  news = new News();
  index = await BlockIndex.open({ place: { folder: `${folder.path}/index` }, network: story.NETWORK, news });
  notes = new WebhookNotes(await openFileStore(`${folder.path}/webhooks`));
  receiver = await WebhookReceiver.start();
  [clock, pauses, said] = [story.BEGIN, [], []];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await receiver.stop();
  await index.close();
  folder.remove();
});

const { jwk: sig } = testKey();
const { jwk: enc } = testKey();
const device = gatewayDevice({ sig: { ...sig }, enc: { ...enc } });

function start(change: Partial<WebhookNote> = {}, stands = () => true): Delivering {
  const note: WebhookNote = {
    ...{ format: 'chartkey-webhook/1', webhook: 'a'.repeat(26), owner: { patient }, url: receiver.url() },
    ...{ after: '0.0', status: 'active', madeAt: instantAt(clock) },
    ...change,
  };
  const egress = new Egress(true);
  const now = () => clock;
  const calls = new WebhookCalls({
    device,
    network: story.NETWORK,
    organisation: 'RiversideMSP',
    egress,
    now,
  });
  const one = new Delivering(
    {
      ...{ news, notes, calls, now, lanes: new Lanes(4, 4) },
      log: new EventLog(index.database, () => index.next()),
      logger: { warn: (_about: object, text?: string) => void said.push(String(text)) },
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
        clock += milliseconds;
      },
    },
    note,
    { stands: async () => stands(), over: async () => void said.push('over') },
  ).start();
  running.push(one);
  return one;
}

let number = 0;
const commit = (...entries: Parameters<typeof look>) =>
  index.take([{ number: index.next(), transactions: [story.transaction(++number, look(...entries))] }]);
const kept = async () => (await notes.all(() => undefined))[0];
const cursorsIn = (events: readonly object[]) => events.map((event) => (event as LedgerEvent).cursor);

test('many events go in calls of fifty at most, in order, and the last place is on disk', async () => {
  const one = start();
  await commit(...Array.from({ length: 64 }, () => ({ patient })));
  await commit(...Array.from({ length: 64 }, () => ({ patient, denied: true })));
  await eventually(async () => receiver.events.length >= 128);
  const log = new EventLog(index.database, () => index.next());
  expect(cursorsIn(receiver.events)).toEqual(cursorsIn((await log.page({ patient }, '0.0', 200)).events));
  for (const { events } of receiver.calls) expect(events.length).toBeLessThanOrEqual(50);
  await eventually(async () => (await kept())?.after === receiver.events.at(-1)!['cursor']);
  expect(one.note.failingSince).toBeUndefined();
});

test('pauses grow to an hour, and after three days the webhook is paused for good', async () => {
  receiver.answering = () => ({ status: 500 });
  const one = start();
  await commit({ patient });
  await eventually(async () => one.note.status === 'paused');
  pauses.slice(0, 12).forEach((pause, at) => {
    expect(pause).toBeGreaterThanOrEqual(500 * 2 ** at);
    expect(pause).toBeLessThanOrEqual(1000 * 2 ** at);
  });
  expect(Math.max(...pauses)).toBeLessThanOrEqual(3_600_000);
  expect(clock - story.BEGIN).toBeGreaterThan(3 * DAY);
  expect(clock - story.BEGIN).toBeLessThan(3 * DAY + 2 * 3_600_000);
  expect(await kept()).toMatchObject({
    status: 'paused',
    after: '0.0',
    failingSince: instantAt(story.BEGIN),
  });
  const calls = receiver.calls.length;
  await commit({ patient });
  expect(receiver.calls).toHaveLength(calls);
  expect(said).toHaveLength(2);
});

test('the days of failing go on counting over a restart', async () => {
  receiver.answering = () => ({ status: 500 });
  await commit({ patient });
  const one = start({ failingSince: instantAt(clock - 3 * DAY - 1) });
  await eventually(async () => one.note.status === 'paused');
  expect(receiver.calls).toHaveLength(1);
});

test('a receiver that comes back is told what it missed, and counts as well', async () => {
  receiver.answering = () => (receiver.calls.length < 6 ? { status: 503 } : { status: 204 });
  const one = start();
  await commit({ patient });
  await commit({ patient, denied: true });
  await eventually(async () => one.note.after === `${index.next() - 1}.${100_000}`);
  expect(one.note).toMatchObject({ status: 'active' });
  expect(one.note.failingSince).toBeUndefined();
  expect((await kept())?.failingSince).toBeUndefined();
});

test('a webhook that stands no more is not called', async () => {
  let stands = true;
  receiver.answering = willing;
  start({}, () => stands);
  await commit({ patient });
  await eventually(async () => receiver.calls.length === 1);
  stands = false;
  await commit({ patient });
  await news.ring();
  await commit({ patient });
  await eventually(async () => said.includes('over'));
  expect(receiver.calls).toHaveLength(1);
});

test('a place that cannot be written stops nothing, and is said', async () => {
  start();
  folder.remove();
  await commit({ patient });
  await commit({ patient });
  await eventually(async () => receiver.events.length === 2);
  await eventually(async () => said.length > 0);
  expect(said[0]).toContain('could not be written');
});

test('a file that holds no webhook is told apart and left alone', async () => {
  const store = await openFileStore(`${folder.path}/webhooks`);
  await store.put('b'.repeat(26), [Buffer.from('{"format":"chartkey-webhook/1"}')]);
  const damaged: string[] = [];
  expect(await notes.all((name) => damaged.push(name))).toEqual([]);
  expect(damaged).toEqual(['b'.repeat(26)]);
  expect(await store.exists('b'.repeat(26))).toBe(true);
});
