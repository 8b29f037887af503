import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { accepted, ask, type Json, sendStatement } from '../support/rest-answers.ts';
import { RestStream } from '../support/rest-events.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { askToken, bearer, claimsOf } from '../support/rest-tokens.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { eventually } from './cast.ts';
import * as wire from './independent-client.ts';

const people = cast(sharedConsortium().credentials);
const { network, river } = people;

let patient: RestPatient;
let receiver: WebhookReceiver;
beforeEach(async () => {
  patient = await people.patient();
  receiver = await WebhookReceiver.start();
});
afterEach(() => receiver.stop());

/** A second key of the patient's, as a thief has it, and a token that was fetched with it. */
async function secondKey(): Promise<{ key: wire.Key; token: string }> {
  const [key, enc] = [wire.makeKey(), wire.makeKey()];
  const exp = Math.floor(Date.now() / 1000) + 600;
  const facts = { network, owner: patient.id, sig: key.publicJwk, enc: enc.publicJwk, exp };
  const proof = wire.jws({ alg: 'ES256', typ: 'chartkey-key+jwt' }, facts, key);
  await patient.orders({ act: 'addKey', key: proof });
  const { tokenUrl } = river.organisation;
  const header = { alg: 'ES256', kid: key.id, typ: 'JWT' };
  const answer = await askToken(tokenUrl, wire.jws(header, claimsOf(patient.id, tokenUrl), key));
  expect(answer.status).toBe(200);
  return { key, token: String(answer.json['access_token']) };
}
const takeAway = async (key: wire.Key) =>
  accepted(await sendStatement(river.url, patient.says({ act: 'removeKey', key: key.id })));
const hooked = (token: string, request: Json) =>
  ask(`${river.url}/v1/webhooks`, {
    method: 'POST',
    headers: { ...bearer(token), 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
const webhooks = async () => (await patient.ask('/v1/webhooks')).json['items'] as Json[];

test('a token of a key that was taken away asks nothing more', async () => {
  const { key, token } = await secondKey();
  const paths = [
    `/v1/patients/${patient.id}/events`,
    `/v1/patients/${patient.id}/break-glass`,
    `/v1/patients/${patient.id}/emergency-card`,
    '/v1/approvals',
    '/v1/webhooks',
  ];
  const codes = () =>
    Promise.all(
      paths.map(async (path) => (await ask(`${river.url}${path}`, { headers: bearer(token) })).code),
    );
  expect(await codes()).toEqual(paths.map(() => ''));
  await takeAway(key);
  expect(await codes()).toEqual(paths.map(() => 'TOKEN_INVALID'));
  expect((await hooked(token, { url: receiver.url() })).code).toBe('TOKEN_INVALID');
  expect(receiver.calls).toEqual([]);
});

test('a stream ends with the key that it was asked for with, another key’s goes on', async () => {
  const { key, token } = await secondKey();
  const path = `${river.url}/v1/patients/${patient.id}/events`;
  const [thiefs, own] = [
    await RestStream.open(path, token),
    await RestStream.open(path, await patient.token()),
  ];
  await takeAway(key);
  await patient.grant('LakesideMSP');
  await thiefs.until(() => thiefs.ended);
  expect(thiefs.events.map(({ kind }) => kind)).not.toContain('granted');
  expect((await own.has(2)).map(({ kind }) => kind)).toEqual(['key-change', 'granted']);
  expect(own.ended).toBe(false);
  own.cut();
});

test('a webhook hears that its key was taken away, and is gone', async () => {
  const { key, token } = await secondKey();
  expect((await hooked(token, { url: receiver.url() })).status).toBe(201);
  const kept = await WebhookReceiver.start();
  try {
    expect((await hooked(await patient.token(), { url: kept.url() })).status).toBe(201);
    expect(await webhooks()).toHaveLength(2);
    await takeAway(key);
    await patient.grant('LakesideMSP');
    await eventually(async () => kept.events.length === 2);
    await eventually(async () => (await webhooks()).length === 1);
    expect(receiver.events.map(({ kind }) => kind)).toEqual(['key-change']);
  } finally {
    await kept.stop();
  }
});

test('who asks about a patient that does not exist learns no more than about another’s', async () => {
  const nobody = wire.makeKey().id;
  const stranger = await people.patient();
  const record = await people.record(stranger, Buffer.from('content'));
  const paths = (of: string) => [
    `/v1/patients/${of}/break-glass`,
    `/v1/patients/${of}/emergency-card`,
    `/v1/patients/${of}/denials`,
    `/v1/patients/${of}/readers?record=${record}`,
    `/v1/patients/${of}/grants`,
    `/v1/patients/${of}/accesses`,
    `/v1/patients/${of}/events`,
    `/v1/patients/${of}`,
  ];
  const codes = (of: string) =>
    Promise.all(paths(of).map(async (path) => `${(await patient.ask(path)).code} ${path.slice(57)}`));
  expect(await codes(nobody)).toEqual(await codes(stranger.id));
  const waiting = (of: string) => patient.ask(`/v1/approvals?patient=${of}`);
  expect((await waiting(nobody)).code).toBe((await waiting(stranger.id)).code);
});
