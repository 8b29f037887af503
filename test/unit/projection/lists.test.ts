import { ListedDevice, ListedGrant, ListedRecord } from '@chartkey/vocabulary';
import type { Lists } from '../../../gateway/src/projection/lists.ts';
import * as story from './chain-story.ts';
import { allPages, FilledIndex, me } from './filled-index.ts';

const { id, base32 } = story;
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

describe('the records of a patient', () => {
  test('are told with their newest versions, the one made last first, each once while versions are added', async () => {
    const names = Array.from({ length: 120 }, (_, at) => base32(`record ${at}`));
    await commit(...names.map((name) => (tx: story.Told) => story.recordWrites(tx, name, patient)));
    let version = 1;
    const pages = await allPages(
      (request) => lists.recordsOf(patient, request),
      () => commit((tx) => story.recordWrites(tx, names[0] ?? '', patient, ++version)),
    );
    expect(pages.flat().map(({ record }) => record)).toEqual([...names].reverse());
    for (const item of pages.flat()) expect(ListedRecord.strict().parse(item)).toEqual(item);
    expect(pages.flat().at(-1)).toEqual({
      ...{ record: names[0], version: 3, custodian: 'RiversideMSP', committedAt: story.instant(122) },
    });
  });

  test('come in full pages when the asker may see only some', async () => {
    const names = Array.from({ length: 700 }, (_, at) => base32(`record ${at}`));
    await commit(...names.map((name) => (tx: story.Told) => story.recordWrites(tx, name, patient)));
    const mine = new Set(names.filter((_, at) => at % 7 === 0));
    const pages = await allPages((request) =>
      lists.recordsOf(patient, request, ({ record }) => mine.has(record)),
    );
    expect(pages.map((page) => page.length)).toEqual([50, 50]);
    expect(new Set(pages.flat().map(({ record }) => record))).toEqual(mine);
  });
});

describe('the grants of a patient', () => {
  const day = 86_400;
  test.each<[ListedGrant['status'], Record<string, unknown>, number]>([
    ['live', {}, day],
    ['live', { notAfter: story.instant(day) }, day],
    ['expired', { notAfter: story.instant(day - 1) }, day],
    ['live', { notBefore: story.instant(day) }, day],
    ['not-yet-valid', { notBefore: story.instant(day + 1) }, day],
    ['live', { maxUses: 3 }, day],
    ['used-up', { maxUses: 2 }, day],
    ['expired', { maxUses: 2, notAfter: story.instant(1) }, day],
  ])('are %s by %j', async (status, more, seconds) => {
    const payload = story.grantPayload(patient, 2, more);
    const grant = story.statement(payload).id;
    const { grantee, actions, purposes } = payload;
    const [made] = await commit(
      (tx) => [story.statementWrite(tx, payload)],
      () => [
        story.grantsWrite(patient, [{ grant, grantee, scope: 'all', actions, purposes, uses: 2, ...more }]),
      ],
    );
    const { items } = await lists.grantsOf(patient, me, story.BEGIN + seconds * 1000);
    expect(items).toEqual([
      {
        ...{ grant, grantee, scope: 'all', actions, purposes },
        ...more,
        uses: 2,
        status,
        transaction: made?.id,
      },
    ]);
    expect(ListedGrant.strict().parse(items[0])).toEqual(items[0]);
  });

  test('stay in the list when they are revoked, and a stranger revokes none', async () => {
    const payload = story.grantPayload(patient, 2, { notAfter: story.instant(1) });
    const grant = story.statement(payload).id;
    await commit((tx) => [story.statementWrite(tx, payload)]);
    await commit((tx) => [story.statementWrite(tx, { act: 'revokeConsent', iss: other, grant })]);
    expect((await lists.grantsOf(patient, me, story.BEGIN)).items[0]?.status).toBe('live');
    await commit((tx) => [story.statementWrite(tx, { act: 'revokeConsent', iss: patient, grant })]);
    expect((await lists.grantsOf(patient, me, story.BEGIN + 9e9)).items[0]?.status).toBe('revoked');
  });
});

test('a grant that was passed on is told with its origin, and is revoked with it', async () => {
  const first = story.grantPayload(patient, 2, { passOn: true });
  const grant = story.statement(first).id;
  const iss = id('practitioner key');
  const passing = { act: 'passOn', seq: 1, iss, patient, grant, to: 'HilltopMSP' };
  const passed = story.statement(passing).id;
  const words = { scope: 'all' as const, actions: ['read'], purposes: ['TREAT'], uses: 0 };
  const there = { ...words, grant: passed, grantee: { organisation: 'HilltopMSP' }, from: grant };
  const [, passedOn] = await commit(
    (tx) => [story.statementWrite(tx, first)],
    (tx) => [story.statementWrite(tx, passing), story.grantsWrite(patient, [there])],
  );
  const list = async () => (await lists.grantsOf(patient, me, story.BEGIN)).items;
  const status = 'live' as const;
  expect((await list())[0]).toEqual({ ...there, status, transaction: passedOn?.id });
  expect(await list()).toMatchObject([{ from: grant }, { grant, passOn: true, status }]);
  await commit((tx) => [story.statementWrite(tx, { act: 'revokeConsent', iss: patient, grant })]);
  expect((await list()).map((one) => one.status)).toEqual(['revoked', 'revoked']);
});

test('a grant to everybody treating, and one that a delegate made, are the patient’s', async () => {
  const treating = story.grantPayload(patient, 2, { grantee: { treating: true } });
  const delegates = { ...story.grantPayload(id('delegate'), 3), patient };
  await commit(
    (tx) => [story.statementWrite(tx, treating)],
    (tx) => [story.statementWrite(tx, delegates)],
  );
  const { items } = await lists.grantsOf(patient, me, story.BEGIN);
  expect(items.map(({ grantee }) => grantee)).toEqual([
    (delegates as { grantee?: unknown }).grantee,
    { treating: true },
  ]);
  const revocation = { act: 'revokeConsent', iss: id('delegate'), patient, grant: items[0]?.grant };
  await commit((tx) => [story.statementWrite(tx, revocation)]);
  expect((await lists.grantsOf(patient, me, story.BEGIN)).items[0]?.status).toBe('revoked');
});

test('the devices of an organisation are told with their standing', async () => {
  await commit(
    (tx) => [story.deviceWrite(tx, 'one')],
    (tx) => [story.deviceWrite(tx, 'two', { validUntil: story.instant(50) })],
    (tx) => [story.deviceWrite(tx, 'three', { status: 'revoked', validUntil: story.instant(50) })],
    (tx) => [story.deviceWrite(tx, 'elsewhere', { organisation: 'LakesideMSP' })],
  );
  const statuses = async (seconds: number) =>
    (await lists.devicesOf('RiversideMSP', me, story.BEGIN + seconds * 1000)).items.map(
      ({ status }) => status,
    );
  expect(await statuses(50)).toEqual(['revoked', 'approved', 'approved']);
  expect(await statuses(51)).toEqual(['revoked', 'expired', 'approved']);
  const { items } = await lists.devicesOf('RiversideMSP', me, story.BEGIN);
  for (const item of items) expect(ListedDevice.strict().parse(item)).toEqual(item);
});
