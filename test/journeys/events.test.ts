import { approvedDevice } from '../support/approved-device.ts';
import { blocksFrom, knownEverywhere } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { accepted, type Json, sendStatement } from '../support/rest-answers.ts';
import { RestDevice } from '../support/rest-device.ts';
import { RestStream } from '../support/rest-events.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import * as wire from './independent-client.ts';
import { refused } from './refusal.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator, insurer } = people;
const content = Buffer.from('content');
const open: RestStream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.cut();
});

const pathOf = (patient: RestPatient) => `/v1/patients/${patient.id}/events`;

async function listen(patient: RestPatient, at = river, more = '', headers = {}): Promise<RestStream> {
  const token = await patient.token(at.organisation);
  return kept(await RestStream.open(`${at.url}${pathOf(patient)}${more}`, token, headers));
}

async function hear(device: RestDevice): Promise<RestStream> {
  return kept(await RestStream.open(`${device.url}/v1/events`, await device.token()));
}

async function kept(stream: RestStream): Promise<RestStream> {
  expect(stream.answer.status).toBe(200);
  expect(stream.answer.headers.get('Content-Type')).toBe('text/event-stream');
  open.push(stream);
  await stream.until(() => stream.sent.length > 0);
  return stream;
}

const kinds = (events: Json[]) => events.map(({ kind }) => kind);

test('a patient hears of each look, grant and revocation in the order of the chain, alike at every gateway', async () => {
  const patient = await people.patient();
  const [here, there] = [await listen(patient), await listen(patient, regulator)];
  const record = await people.record(patient, content);
  const denied = (await lake.read(record)).access;
  const grant = await patient.grant('LakesideMSP');
  const accessed = (await lake.read(record)).access;
  const revocation = patient.revocation(grant);
  accepted(await sendStatement(lake.url, revocation));
  const again = (await lake.read(record)).access;
  const events = await here.has(6);
  const about = { patient: patient.id };
  const look = { ...about, organisation: 'LakesideMSP', record };
  expect(events).toMatchObject([
    { kind: 'recorded', ...about, organisation: 'RiversideMSP', record },
    { kind: 'denied', ...look, access: denied },
    { kind: 'granted', ...about, organisation: 'LakesideMSP', grant, statement: grant },
    { kind: 'accessed', ...look, access: accessed },
    { kind: 'revoked', ...about, grant, statement: wire.statementId(revocation) },
    { kind: 'denied', ...look, access: again },
  ]);
  expect(await there.has(6)).toEqual(events);
  const ids = here.sent.filter(({ event }) => event === undefined).map(({ id }) => id);
  expect(ids).toEqual(events.map(({ cursor }) => cursor));
});

test('a stream that was cut goes on after its last event at any gateway, and leaves none out', async () => {
  const patient = await people.patient();
  const first = await listen(patient);
  const begun = first.sent[0]!.id;
  const grants = [await patient.grant('LakesideMSP'), await patient.grant('HilltopMSP')];
  const [one] = await first.has(2);
  first.cut();
  for (const grant of grants) await patient.revoke(grant);
  const expected = ['granted', 'revoked', 'revoked'];
  for (const back of [
    await listen(patient, river, `?after=${one!['cursor']}`),
    await listen(patient, lake, '', { 'Last-Event-ID': String(one!['cursor']) }),
    // what a client comes back with is newer than the URL it began with
    await listen(patient, regulator, '?after=0.0', { 'Last-Event-ID': String(one!['cursor']) }),
  ]) {
    expect(kinds(await back.has(3))).toEqual(expected);
  }
  const fromTheBeginning = await listen(patient, lake, `?after=${begun}`);
  expect(kinds(await fromTheBeginning.has(4))).toEqual(['granted', ...expected]);
});

test('who has no streams reads the same in pages, oldest first', async () => {
  const patient = await people.patient();
  const stream = await listen(patient, river, '?after=0.0');
  const record = await people.record(patient, content);
  const looks = await Promise.all(Array.from({ length: 55 }, () => lake.read(record)));
  await Promise.all(looks.map(({ access }) => knownEverywhere(access.slice(0, 64))));
  const heard = await stream.has(57);
  const page = async (after: string) => (await patient.ask(`${pathOf(patient)}${after}`)).json;
  const first = await page('');
  const second = await page(`?after=${first['next']}`);
  expect([(first['items'] as Json[]).length, second['next']]).toEqual([50, undefined]);
  expect([...(first['items'] as Json[]), ...(second['items'] as Json[])]).toEqual(heard);
  expect((await page(`?after=${heard.at(-1)!['cursor']}`))['items']).toEqual([]);
});

test('an organisation hears of looks into its custody, of its devices’ looks and of its devices, and of no others', async () => {
  const patient = await people.patient();
  const [custodian, asker, neither] = [await hear(river), await hear(lake), await hear(regulator)];
  const record = await people.record(patient, content);
  const { access } = await lake.read(record);
  const key = await approvedDevice(lake.organisation);
  await patient.grant('LakesideMSP');
  const master = wire.keyFrom(lake.organisation.masterKey as unknown as Record<string, string>);
  const order = { act: 'revokeDevice', device: key.id };
  accepted(await sendStatement(lake.url, wire.statement(people.network, master, 'LakesideMSP', order)));
  const about = (stream: RestStream) =>
    stream.events.filter(({ patient: of, device }) => of === patient.id || device === key.id);
  await asker.until(() => about(asker).length >= 3);
  expect(about(asker)).toMatchObject([
    { kind: 'denied', access, record },
    { kind: 'device-approved', organisation: 'LakesideMSP', device: key.id },
    { kind: 'device-revoked', organisation: 'LakesideMSP', device: key.id },
  ]);
  await custodian.until(() => about(custodian).length >= 2);
  expect(about(custodian)).toMatchObject([{ kind: 'recorded' }, { kind: 'denied', access }]);
  // A page shows all that this gateway's peer holds.
  const page = await regulator.ask(`/v1/events?after=${neither.sent[0]!.id}`);
  expect(page.status).toBe(200);
  expect((page.json['items'] as Json[]).filter(({ patient: of }) => of === patient.id)).toEqual([]);
  expect(about(neither)).toEqual([]);
});

test('a regulator hears of a patient, and each time it begins to, that is on the ledger first', async () => {
  const patient = await people.patient();
  const ledger = connectAs('RegulatorMSP');
  try {
    const first = await ledger.height();
    const token = await regulator.token();
    const stream = await kept(await RestStream.open(`${regulator.url}${pathOf(patient)}?after=0.0`, token));
    expect((await regulator.ask(`${pathOf(patient)}?after=0.0`)).status).toBe(200);
    expect(kinds(await stream.has(1))).toEqual(['granted']);
    const transactions = (await blocksFrom(ledger, first)).flatMap((block) => block.transactions);
    const asked = transactions.filter(({ writes }) =>
      writes.some(({ objectType }) => objectType === 'audit-query'),
    );
    expect(asked.length).toBeGreaterThanOrEqual(2);
  } finally {
    ledger.close();
  }
});

test('a device that is revoked hears no more', async () => {
  const device = new RestDevice(lake.organisation, await approvedDevice(lake.organisation));
  const stream = await hear(device);
  const master = wire.keyFrom(lake.organisation.masterKey as unknown as Record<string, string>);
  const order = { act: 'revokeDevice', device: device.id };
  accepted(await sendStatement(lake.url, wire.statement(people.network, master, 'LakesideMSP', order)));
  await stream.until(() => stream.ended);
  const answer = await fetch(`${lake.url}/v1/events`, {
    headers: { Authorization: `Bearer ${await device.token()}` },
  });
  await refused(answer, 'DEVICE_REVOKED');
});

test('of a caller’s streams only so many are open, and a closed one makes room', async () => {
  const patient = await people.patient();
  const streams = await Promise.all(Array.from({ length: 8 }, () => listen(patient)));
  const token = await patient.token();
  const one = await RestStream.open(`${river.url}${pathOf(patient)}`, token);
  await refused(one.answer, 'TOO_MANY_STREAMS');
  streams[3]!.cut();
  for (let tries = 0; tries < 100; tries += 1) {
    const next = await RestStream.open(`${river.url}${pathOf(patient)}`, token);
    open.push(next);
    if (next.answer.status === 200) return;
  }
  throw new Error('no room was made');
});

describe('events are refused', () => {
  let patient: RestPatient;
  let stranger: RestPatient;
  beforeAll(async () => {
    [patient, stranger] = [await people.patient(), await people.patient()];
  });
  const get = async (url: string, token: string, accept = 'text/event-stream') =>
    fetch(url, { headers: { Authorization: `Bearer ${token}`, Accept: accept } });
  const cases: [string, () => Promise<Response>, string][] = [
    [
      'a patient another patient’s',
      async () => get(`${river.url}${pathOf(patient)}`, await stranger.token()),
      'NOT_YOURS',
    ],
    [
      'a hospital a patient’s',
      async () => get(`${river.url}${pathOf(patient)}`, await river.token()),
      'NOT_YOURS',
    ],
    [
      'a patient an organisation’s',
      async () => get(`${river.url}/v1/events`, await patient.token()),
      'DEVICES_ONLY',
    ],
    [
      'everybody at a gateway without blocks',
      async () => get(`${insurer.url}/v1/events`, await insurer.token()),
      'NOT_SERVED_HERE',
    ],
    [
      'what is no cursor',
      async () => get(`${river.url}/v1/events?after=01.1`, await river.token()),
      'CURSOR_INVALID',
    ],
    [
      'a cursor too large to be one',
      async () => get(`${river.url}/v1/events?after=9999999999.1`, await river.token(), 'application/json'),
      'CURSOR_INVALID',
    ],
    [
      'another media type',
      async () => get(`${river.url}/v1/events`, await river.token(), 'text/html'),
      'NOT_ACCEPTABLE',
    ],
  ];
  test.each(cases)('to %s', async (_what, ask, code) => {
    await refused(await ask(), code);
  });
});
