import { eventually } from '../journeys/cast.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import type { Json } from '../support/rest-answers.ts';
import { RestStream } from '../support/rest-events.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { WebhookReceiver, willing } from '../support/webhook-receiver.ts';

let own: OwnConsortium;
let receiver: WebhookReceiver;
let patient: RestPatient;
beforeAll(async () => {
  own = await startOwnConsortium({ gateways: ['RiversideMSP', 'LakesideMSP'] });
}, 120_000);
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  own.people.river.forgetTokens();
  patient = await own.people.patient();
});
afterEach(() => receiver.stop());
afterAll(() => own?.stop());

const add = (more: object = {}) =>
  patient.ask('/v1/webhooks', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: receiver.url('/secret-path'), ...more }),
  });
const grantsIn = (events: Json[]) => events.map(({ grant }) => grant);

async function crash(): Promise<void> {
  await own.run.kill('RiversideMSP');
  await own.run.again('RiversideMSP');
  await own.ready();
  patient.forgetTokens();
}

test('a gateway killed while a receiver is silent calls it again after the start, and then goes on', async () => {
  await add();
  receiver.answering = () => 'silent';
  const first = await patient.grant('LakesideMSP');
  await eventually(async () => receiver.events.length > 0);
  receiver.answering = willing;
  await crash();
  await eventually(async () => receiver.events.length > 1);
  const second = await patient.grant('HilltopMSP');
  await eventually(async () => receiver.events.length > 2);
  expect(grantsIn(receiver.events)).toEqual([first, first, second]);
});

test('what happens while a gateway is down reaches the webhook afterwards, in order', async () => {
  await add();
  const grants = [await patient.grant('LakesideMSP')];
  await eventually(async () => receiver.events.length === 1);
  await own.run.kill('RiversideMSP');
  const { url } = own.people.lake;
  for (const organisation of ['LakesideMSP', 'HilltopMSP']) {
    grants.push(await patient.grant(organisation, {}, url));
  }
  await own.run.again('RiversideMSP');
  const distinct = () => [...new Set(grantsIn(receiver.events))];
  // The first may come again: it was taken in, but its place need not have been on disk.
  await eventually(async () => distinct().length === 3);
  expect(distinct()).toEqual(grants);
  patient.forgetTokens();
  await own.ready();
});

test('no log names the URL of a webhook', async () => {
  await add();
  const place = new URL(receiver.url()).host;
  await receiver.stop();
  await patient.grant('LakesideMSP');
  await eventually(async () => own.log('RiversideMSP').includes('did not take its events in'));
  expect(own.log('RiversideMSP')).not.toMatch(/secret-path/);
  expect(own.log('RiversideMSP')).not.toContain(place);
  receiver = await WebhookReceiver.start();
});

test('a gateway that stops ends its streams at once, and the next one goes on where they ended', async () => {
  const { url } = own.people.river;
  const path = `/v1/patients/${patient.id}/events`;
  const stream = await RestStream.open(`${url}${path}`, await patient.token());
  const first = await patient.grant('LakesideMSP');
  await stream.has(1);
  const { child, ended } = own.run.processes.get('RiversideMSP')!;
  child.kill('SIGTERM');
  await ended;
  expect(stream.ended).toBe(true);
  own.run.processes.delete('RiversideMSP');
  const second = await patient.grant('HilltopMSP', {}, own.people.lake.url);
  await own.run.again('RiversideMSP');
  await own.ready();
  patient.forgetTokens();
  const back = await RestStream.open(`${url}${path}`, await patient.token(), {
    'Last-Event-ID': stream.sent.at(-1)!.id,
  });
  expect(grantsIn(await back.has(1))).toEqual([second]);
  expect(grantsIn(stream.events)).toEqual([first]);
  back.cut();
});
