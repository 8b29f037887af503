import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../journeys/cast.ts';
import { LedgerActor } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import type { Answer, Json } from '../support/rest-answers.ts';
import { RestStream } from '../support/rest-events.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { type ShiftedConsortium, startShiftedConsortium } from '../support/shifted-consortium.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

/* What is told of a broken glass that nobody reviews: time alone writes nothing on the ledger. */

let own: ShiftedConsortium;
let lake: LedgerActor;
let patient: RestPatient;
let forPatient: WebhookReceiver;
let forLake: WebhookReceiver;
let officer: LedgerPractitioner;
let forgotten: string;
let reviewed: string;
/** goes on after many days */
const validUntil = new Date(Date.now() + 90 * 86_400_000).toISOString();

beforeAll(async () => {
  own = await startShiftedConsortium();
  const { dataDir, run, people } = own;
  lake = new LedgerActor('LakesideMSP', { dataDir, credentials: run.founding.credentials });
  patient = await people.patient();
  [forPatient, forLake] = [await WebhookReceiver.start(), await WebhookReceiver.start()];
  for (const [owner, { url }] of [
    [patient, { url: forPatient.url() }],
    [people.lake, { url: forLake.url() }],
  ] as const) {
    const made: Answer = await owner.ask('/v1/webhooks', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ url, kinds: ['break-glass', 'review-overdue'] }),
    });
    expect(made.status).toBe(201);
  }
  officer = await LedgerPractitioner.registered(lake, { role: 'privacy-officer', validUntil });
  const physician = await LedgerPractitioner.registered(lake, { validUntil });
  forgotten = await physician.opens(patient);
  reviewed = await physician.opens(patient);
  await officer.reviews(reviewed);
}, 120_000);
afterAll(async () => {
  lake?.close();
  await own?.stop();
  await Promise.all([forPatient?.stop(), forLake?.stop()]);
});

const overdue = (events: Json[]) => events.filter(({ kind }) => kind === 'review-overdue');
const distinct = (events: Json[]) => [...new Map(events.map((one) => [one['cursor'], one])).values()];

/** The patient's events as pages, at one gateway. */
async function pages(at: 'river' | 'lake' | 'regulator', after = '0.0'): Promise<Json[]> {
  const { organisation } = own.people[at];
  patient.forgetTokens();
  const token = await patient.token(organisation);
  const url = `${organisation.url}/v1/patients/${patient.id}/events?after=${after}`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: Json[] }).items;
}

test('while no block comes, patient and organisation are told of the review that nobody made', async () => {
  await eventually(async () => forLake.events.length === 2);
  await own.pass(6.9);
  const height = await lake.ledger.height();
  await own.pass(0.2);
  await eventually(async () => overdue(forPatient.events).length > 0 && overdue(forLake.events).length > 0);
  expect(await lake.ledger.height()).toBe(height);
  const [told] = overdue(forPatient.events);
  expect(told).toMatchObject({ opening: forgotten, patient: patient.id, organisation: 'LakesideMSP' });
  expect(distinct(overdue(forPatient.events))).toEqual([told]);
  expect(distinct(overdue(forLake.events))).toEqual([told]);
  expect(told!['cursor']).toBe(`${height}.1`);
  const opening = forLake.events.find((one) => one['opening'] === forgotten);
  expect([told!['transaction'], told!['block']]).toEqual([opening!['transaction'], opening!['block']]);
});

test('it stands at the same place at every gateway, once, also after a kill and in an index made anew', async () => {
  const [told] = overdue(forPatient.events);
  const everywhere = async () => {
    for (const at of ['river', 'lake', 'regulator'] as const)
      expect(overdue(await pages(at))).toEqual([told]);
  };
  await everywhere();
  await own.run.kill('RiversideMSP');
  await own.run.kill('LakesideMSP');
  rmSync(join(own.dataDir, 'organisations', 'LakesideMSP', 'index'), { recursive: true });
  await own.run.again('RiversideMSP');
  await own.run.again('LakesideMSP');
  await own.ready();
  own.people.lake.forgetTokens();
  await everywhere();
  expect(distinct(overdue(forPatient.events))).toEqual([told]);
  expect(distinct(overdue(forLake.events))).toEqual([told]);
});

test('a stream that comes back goes on before or after it', async () => {
  const [told] = overdue(forPatient.events);
  const all = await pages('river');
  const at = all.findIndex(({ cursor }) => cursor === told!['cursor']);
  const before = String(all[at - 1]!['cursor']);
  const { url } = own.people.river;
  const open = async (after: string) =>
    RestStream.open(`${url}/v1/patients/${patient.id}/events`, await patient.token(), {
      'Last-Event-ID': after,
    });
  const [from, past] = [await open(before), await open(String(told!['cursor']))];
  expect((await from.has(1))[0]).toEqual(told);
  await officer.reviews(forgotten);
  expect((await past.has(1))[0]).toMatchObject({ kind: 'break-glass-reviewed', opening: forgotten });
  expect((await from.has(2)).map(({ kind }) => kind)).toEqual(['review-overdue', 'break-glass-reviewed']);
  for (const stream of [from, past]) stream.cut();
});
