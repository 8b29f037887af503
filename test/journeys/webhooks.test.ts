import {
  connect,
  type HeardEvent,
  importKeys,
  listedGateways,
  randomId,
  webhookEvents,
} from '@chartkey/client';
import { approvedDevice } from '../support/approved-device.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { type Answer, accepted, type Json, sendStatement } from '../support/rest-answers.ts';
import { RestDevice } from '../support/rest-device.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { type Call, WebhookReceiver, willing } from '../support/webhook-receiver.ts';
import { eventually } from './cast.ts';
import * as wire from './independent-client.ts';

const { credentials } = sharedConsortium();
const people = cast(credentials);
const { river, lake, insurer } = people;
const { network } = people;

let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(() => receiver.stop());

interface Asker {
  ask(path: string, init?: RequestInit): Promise<Answer>;
}
const asJson = (body: unknown) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const add = (who: Asker, request: unknown): Promise<Answer> => who.ask('/v1/webhooks', asJson(request));
const remove = (who: Asker, webhook: unknown) => who.ask(`/v1/webhooks/${webhook}`, { method: 'DELETE' });
const listed = async (who: Asker) => (await who.ask('/v1/webhooks')).json['items'] as Json[];
const kinds = (events: Json[]) => events.map(({ kind }) => kind);
const got = (count: number) => eventually(async () => receiver.events.length >= count && receiver.events);

test('a URL that answers its challenge gets events in order, signed by a gateway that the ledger lists', async () => {
  const patient = await people.patient();
  const added = await add(patient, { url: receiver.url() });
  expect([added.status, added.json]).toEqual([
    201,
    expect.objectContaining({ url: receiver.url(), status: 'active' }),
  ]);
  expect(added.headers.get('Location')).toBe(`/v1/webhooks/${added.json['webhook']}`);
  const record = await people.record(patient, Buffer.from('content'));
  const grant = await patient.grant('LakesideMSP');
  const { access } = await lake.read(record);
  await patient.revoke(grant);
  expect(await got(4)).toMatchObject([
    { kind: 'recorded', record },
    { kind: 'granted', grant },
    { kind: 'accessed', access },
    { kind: 'revoked', grant },
  ]);
  const isGateway = await gatewaysOnTheLedger();
  const heard: HeardEvent[] = [];
  for (const { body } of receiver.calls) {
    const call = await webhookEvents(body, { network, url: receiver.url(), isGateway });
    expect(call).toMatchObject({ webhook: added.json['webhook'], organisation: 'RiversideMSP' });
    heard.push(...call.events);
  }
  expect(heard).toEqual(receiver.events);
  await eventually(async () => (await listed(patient))[0]!['after'] === heard.at(-1)!.cursor);
});

test('a receiver that fails gets the same events again, one call at a time, and then what came after', async () => {
  const patient = await people.patient();
  await add(patient, { url: receiver.url() });
  let failures = 2;
  receiver.answering = (call) => {
    failures -= 1;
    if (failures === 1) return { status: 500 };
    return failures === 0
      ? { status: 302, headers: { Location: receiver.url('/elsewhere') } }
      : willing(call);
  };
  const first = await patient.grant('LakesideMSP');
  await eventually(async () => receiver.calls.length >= 2);
  const [failing] = await listed(patient);
  expect(failing).toMatchObject({ status: 'active', failingSince: expect.any(String) });
  const second = await patient.grant('HilltopMSP');
  await eventually(async () => (await listed(patient))[0]!['failingSince'] === undefined);
  await eventually(async () => receiver.events.at(-1)!['grant'] === second);
  const sent = receiver.calls.slice(1).map(({ events }) => events.map(({ grant }) => grant));
  const [once, twice, ...taken] = sent;
  expect([once![0], twice![0], taken[0]![0]]).toEqual([first, first, first]);
  expect(taken.flat()).toEqual([first, second]);
});

test('only the kinds that were asked for are sent, and a webhook goes on where it is told to', async () => {
  const patient = await people.patient();
  const grant = await patient.grant('LakesideMSP');
  await patient.revoke(grant);
  const added = await add(patient, { url: receiver.url(), kinds: ['revoked'], after: '0.0' });
  expect(added.status).toBe(201);
  expect(kinds(await got(1))).toEqual(['revoked']);
  await eventually(async () => (await listed(patient))[0]!['after'] !== '0.0');
  const again = await add(patient, { url: receiver.url(), kinds: ['granted'] });
  expect([again.status, again.json['webhook']]).toEqual([200, added.json['webhook']]);
  await patient.revoke(await patient.grant('HilltopMSP'));
  expect(kinds(await got(2))).toEqual(['revoked', 'granted']);
  expect(await listed(patient)).toHaveLength(1);
});

test('a webhook that is deleted is called no more', async () => {
  const patient = await people.patient();
  const { json } = await add(patient, { url: receiver.url() });
  await patient.grant('LakesideMSP');
  await got(1);
  expect((await remove(patient, json['webhook'])).status).toBe(204);
  await patient.grant('HilltopMSP');
  const other = await WebhookReceiver.start();
  try {
    await add(patient, { url: other.url(), after: receiver.events[0]!['cursor'] });
    await eventually(async () => other.events.length >= 1);
  } finally {
    await other.stop();
  }
  expect(receiver.events).toHaveLength(1);
});

test('an organisation’s webhook is its own, and ends with the device that made it', async () => {
  const device = new RestDevice(lake.organisation, await approvedDevice(lake.organisation));
  const { json } = await add(device, { url: receiver.url(), kinds: ['denied'] });
  const mine = (one: Json) => one['webhook'] === json['webhook'];
  expect((await listed(lake)).some(mine)).toBe(true);
  for (const other of [river, await people.patient()]) {
    expect((await listed(other)).some(mine)).toBe(false);
    const refusal = await remove(other, json['webhook']);
    expect([refusal.status, refusal.code]).toEqual([404, 'WEBHOOK_UNKNOWN']);
  }
  const patient = await people.patient();
  const record = await people.record(patient, Buffer.from('content'));
  const { access } = await lake.read(record);
  await eventually(async () => receiver.events.some((event) => event['access'] === access));
  const master = wire.keyFrom(lake.organisation.masterKey as unknown as Record<string, string>);
  const order = { act: 'revokeDevice', device: device.id };
  accepted(await sendStatement(lake.url, wire.statement(network, master, 'LakesideMSP', order)));
  await eventually(async () => !(await listed(lake)).some(mine));
  const before = receiver.calls.length;
  const later = await lake.read(record);
  const stream = await lake.ask(`/v1/events?after=${receiver.events.at(-1)!['cursor']}`);
  expect(JSON.stringify(stream.json)).toContain(later.access);
  expect(receiver.calls.length).toBe(before);
});

describe('a webhook is not made', () => {
  let patient: RestPatient;
  beforeAll(async () => {
    patient = await people.patient();
  });
  afterEach(async () => expect(await listed(patient)).toEqual([]));

  test.each<[string, (call: Call) => ReturnType<typeof willing>]>([
    ['says nothing', () => ({ status: 200 })],
    ['says what it was sent', ({ body }) => ({ status: 200, body })],
    [
      'says the challenge and more',
      ({ claims }) => ({ status: 200, body: `${claims['challenge']} and more` }),
    ],
    [
      'says the challenge with another status',
      ({ claims }) => ({ status: 202, body: `${claims['challenge']}` }),
    ],
    ['sends elsewhere', () => ({ status: 307, headers: { Location: receiver.url('/willing') } })],
    ['says too much', ({ claims }) => ({ status: 200, body: `${claims['challenge']}${' '.repeat(5000)}` })],
  ])('where the URL %s', async (_what, answering) => {
    receiver.answering = answering;
    const asker = await people.patient();
    const { status, code } = await add(asker, { url: receiver.url() });
    expect([status, code]).toEqual([422, 'WEBHOOK_UNANSWERED']);
    expect(receiver.calls).toHaveLength(1);
    expect(await listed(asker)).toEqual([]);
  });

  test.each([
    'https://10.0.0.1/events',
    'https://169.254.169.254/latest/meta-data/',
    'http://events.example/',
    'https://user:secret@events.example/',
    'https://events.example/#here',
    'ftp://events.example/',
  ])('at %s', async (url) => {
    const asker = await people.patient();
    const { status, code, bytes } = await add(asker, { url });
    expect([status, code]).toEqual([400, 'WEBHOOK_REFUSED']);
    expect(bytes.toString()).not.toContain(new URL(url).host);
  });

  test.each<[string, unknown]>([
    ['no JSON', 'url'],
    ['no URL', {}],
    ['a kind that is none', { url: 'https://events.example/', kinds: ['everything'] }],
    ['no kinds at all', { url: 'https://events.example/', kinds: [] }],
    ['a kind twice', { url: 'https://events.example/', kinds: ['denied', 'denied'] }],
    ['a cursor that is none', { url: 'https://events.example/', after: 'yesterday' }],
    ['more than is known', { url: 'https://events.example/', secret: 'x' }],
    ['a name twice', '{"url":"https://a.example/","url":"https://b.example/"}'],
  ])('of %s', async (_what, request) => {
    const { status, code } = await add(await people.patient(), request);
    expect([status, code]).toEqual([400, 'INVALID_REQUEST']);
  });

  test('at a gateway without blocks', async () => {
    const { status, code } = await add(insurer, { url: receiver.url() });
    expect([status, code]).toEqual([404, 'NOT_SERVED_HERE']);
  });

  test('beyond as many as one caller may ask for in a minute', async () => {
    const asker = await people.patient();
    const codes = [];
    for (let tries = 0; tries < 11; tries += 1) {
      codes.push((await add(asker, { url: 'https://10.0.0.1/' })).code);
    }
    expect(codes.slice(0, 10)).toEqual(Array(10).fill('WEBHOOK_REFUSED'));
    expect(codes[10]).toBe('TOO_MANY_REQUESTS');
  });
});

/** What the SDK knows of gateways, from the ledger. */
async function gatewaysOnTheLedger() {
  const gateway = await connect(river.url, { network });
  const { sig } = await importKeys(river.organisation.ehr);
  const practitioner = randomId();
  return listedGateways(gateway.device(sig, { practitioner, role: 'physician', purposes: ['TREAT'] }));
}

test('a body that no listed gateway signed for this URL and network is no call', async () => {
  const patient = await people.patient();
  await add(patient, { url: receiver.url() });
  const [{ body }] = receiver.calls as [Call];
  const isGateway = await gatewaysOnTheLedger();
  const expected = { network, url: receiver.url(), isGateway };
  expect((await webhookEvents(body, expected)).challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const [header, payload] = body.split('.');
  const key = wire.keyFrom(river.organisation.ehr.sig as unknown as Record<string, string>);
  const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Json;
  const byEhr = (head: Json) =>
    wire.jws(
      { alg: 'ES256', jwk: key.publicJwk, kid: key.id, typ: 'chartkey-event+jwt', ...head },
      claims,
      key,
    );
  const wrong: [string, Partial<typeof expected & { now: () => number }>][] = [
    [body, { url: receiver.url('/other') }],
    [body, { network: `demo-${'A'.repeat(43)}` }],
    [body, { now: () => Date.now() + 400_000 }],
    [body, { now: () => Date.now() - 100_000 }],
    [body, { isGateway: () => false }],
    [`${header}.${payload}.${'A'.repeat(86)}`, {}],
    [byEhr({}), {}],
    [byEhr({ typ: 'JWT' }), {}],
    [
      wire.jws(
        { alg: 'ES256', jwk: key.publicJwk, kid: key.id, typ: 'chartkey-event+jwt' },
        { ...claims, iss: key.id },
        key,
      ),
      {},
    ],
    ['', {}],
  ];
  for (const [text, change] of wrong) {
    await expect(webhookEvents(text, { ...expected, ...change })).rejects.toMatchObject({
      name: 'WebhookForged',
    });
  }
});
