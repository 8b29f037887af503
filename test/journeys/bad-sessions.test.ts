import { sharedConsortium } from '../support/consortium.ts';
import { freshHash, LedgerPatient } from '../support/ledger-actor.ts';
import { type TestKey, testKey } from '../support/signing.ts';
import { approve, askToken, revoke, riverAssertion } from './assertion.ts';
import { Cast, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';
import { noToken, refused } from './refusal.ts';

const cast = new Cast(sharedConsortium().credentials);
const { network, river, lake } = cast;
const device = testKey();
let patient: LedgerPatient;

beforeAll(async () => {
  await approve(cast, device);
  patient = await cast.patient(await cast.token(river, { device }));
});

const ask = (key: TestKey) => askToken(river.tokenUrl, riverAssertion(cast, key));

describe('a revoked device', () => {
  test('gets no token, whether the gateway has met it or not', async () => {
    const [known, unknown] = [testKey(), testKey()];
    for (const key of [known, unknown]) await approve(cast, key);
    await cast.token(river, { device: known });
    for (const key of [known, unknown]) await revoke(cast, key);
    for (const key of [known, unknown]) {
      await noToken(await ask(key), 'invalid_client', 'DEVICE_REVOKED');
    }
  });

  test('does nothing more with the token it has, and the refused read is on the ledger', async () => {
    const key = testKey();
    await approve(cast, key);
    const bearer = await cast.token(river, { device: key });
    const record = await cast.record(bearer, patient, 'a note');
    await revoke(cast, key);
    const read = await client.get(`${river.url}/v1/records/${record}/content`, bearer);
    expect((await refused(read, 'DEVICE_REVOKED'))['access']).toMatch(/^[0-9a-f]{64}:\d+$/);
    const upload = await client.upload(river.url, bearer, patient.id, Buffer.from('x'), 'text/plain');
    await refused(upload, 'DEVICE_REVOKED');
    const enrolment = await cast.say(new LedgerPatient(network).enrolment(), { bearer });
    await refused(enrolment, 'DEVICE_REVOKED');
  });
});

test('a device whose approval has ended gets no token', async () => {
  const key = testKey();
  await approve(cast, key, new Date(Date.now() - 1000).toISOString());
  await noToken(await ask(key), 'invalid_client', 'DEVICE_EXPIRED');
});

test('the token of one organisation is nothing at another', async () => {
  const bearer = await cast.token(river, { device });
  const record = await cast.record(bearer, patient, 'a note');
  for (const one of [lake, cast.regulator, cast.insurer]) {
    await refused(await client.get(`${one.url}/v1/records/${record}`, bearer), 'TOKEN_INVALID');
    await refused(await client.get(`${one.url}/v1/records/${record}/content`, bearer), 'TOKEN_INVALID');
    await refused(await client.get(`${one.url}/v1/organisations`, bearer), 'TOKEN_INVALID');
    const upload = await client.upload(one.url, bearer, patient.id, Buffer.from('x'), 'text/plain');
    await refused(upload, 'TOKEN_INVALID');
  }
});

test('a token with one letter changed, or none, is nothing', async () => {
  const bearer = await cast.token(river, { device });
  const own = `${river.url}/v1/organisations`;
  expect((await client.get(own, bearer)).status).toBe(200);
  const changed = `${bearer.startsWith('A') ? 'B' : 'A'}${bearer.slice(1)}`;
  await refused(await client.get(own, changed), 'TOKEN_INVALID');
  await refused(await client.get(own, freshHash()), 'TOKEN_INVALID');
  await refused(await fetch(own), 'TOKEN_REQUIRED');
  const inQuery = await fetch(`${own}?access_token=${bearer}`);
  await refused(inQuery, 'TOKEN_REQUIRED');
  expect((await jsonOf(await client.get(own, bearer))).items).toHaveLength(5);
});
