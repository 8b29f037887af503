import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ledgerKind, sharedConsortium } from '../support/consortium.ts';
import { freshId, keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson } from '../support/signing.ts';
import { placesOf } from './canaries.ts';
import { Cast, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';

const { credentials, ...whereabouts } = sharedConsortium();
const cast = new Cast(credentials);
const { river, lake, regulator, insurer } = cast;
/** In every word that a client chooses below; nothing else has it. */
const canary = `canary${freshId()}`;
const answers: string[] = [];
let tokens: { river: string; lake: string; regulator: string; patient: string };
let patient: LedgerPatient;
let record: string;

beforeAll(async () => {
  const [forRiver, forLake, forRegulator] = await Promise.all([
    cast.token(river),
    cast.token(lake),
    cast.token(regulator, { purposes: ['HOPERAT'], role: 'auditor' }),
  ]);
  patient = await cast.patient(forRiver);
  const forPatient = await cast.patientToken(patient);
  tokens = { river: forRiver, lake: forLake, regulator: forRegulator, patient: forPatient };
});

const now = () => Math.floor(Date.now() / 1000);

/** Asks with more words of a client's, and keeps what is answered: problems and headers. */
async function ask(path: string, init: RequestInit = {}, at = river): Promise<Response> {
  const headers = {
    Authorization: `Bearer ${tokens.river}`,
    'User-Agent': `${canary}/1.0`,
    Cookie: `name=${canary}`,
    Referer: `http://127.0.0.1/${canary}`,
    'X-Request-Id': canary,
    traceparent: canary,
    ...init.headers,
  };
  const answer = await fetch(`${at.url}${path}`, { ...init, headers });
  if (answer.status >= 400) answers.push(await answer.clone().text(), ...answer.headers.values());
  expect(answer.status).toBeLessThan(500);
  return answer;
}

const upload = (body: string, key: string) => ({
  method: 'POST',
  headers: {
    'Content-Type': `application/fhir+json; name="${canary}.json"`,
    'Content-Disposition': `attachment; filename="${canary}.pdf"`,
    'Idempotency-Key': key,
  },
  body,
});

test('words in payloads, file names, media types and keys are stored sealed and served as they were', async () => {
  const bundle = JSON.stringify({ resourceType: 'Patient', name: [{ family: canary }] });
  const key = `${canary}-upload`;
  const stored = await ask(`/v1/records?patient=${patient.id}`, upload(bundle, key));
  expect(stored.status).toBe(201);
  record = String((await jsonOf(stored))['record']);
  await ask(`/v1/records?patient=${patient.id}`, upload(`${bundle} `, key));
  const version = { ...upload(bundle, `${canary}-put`), method: 'PUT' };
  const path = `/v1/records/${record}/content`;
  expect((await ask(path, { ...version, headers: { ...version.headers, 'If-Match': '"1"' } })).status).toBe(
    201,
  );
  expect((await cast.say(patient.grant(lake.id))).status).toBe(201);
  const headers = { Authorization: `Bearer ${tokens.lake}`, 'Idempotency-Key': `${canary}-read` };
  const read = await ask(path, { headers }, lake);
  expect([await read.text(), read.headers.get('Content-Type')]).toEqual([
    bundle,
    `application/fhir+json; name="${canary}.json"`,
  ]);
  await ask(path, { headers: { ...headers, 'Purpose-Of-Use': 'HRESCH' } }, lake);
});

test('words in paths, queries and headers are refused', async () => {
  const path = `/v1/records/${record}/content`;
  const asked: [path: string, headers?: Record<string, string>][] = [
    [`/v1/${canary}`],
    [`/v1/records/${canary}`],
    [`/v1/records/${canary.slice(0, 26)}/content`],
    [`/v1/patients/${canary}/records`],
    [`/v1/organisations/${canary}MSP`],
    [`${path}?${canary}=1`],
    [`${path}?version=${canary}`],
    [`/v1/patients/${patient.id}/records?cursor=${canary}`],
    [path, { 'Purpose-Of-Use': canary }],
    [path, { Range: `bytes=${canary}` }],
    [path, { Authorization: `Bearer ${canary}` }],
    [path, { Authorization: `Basic ${canary}` }],
    ['/v1/organisations', { Accept: `application/${canary}` }],
  ];
  for (const [one, headers = {}] of asked) await ask(one, { headers });
  const put = { ...upload('x', canary), method: 'PUT' };
  await ask(path, { ...put, headers: { ...put.headers, 'If-Match': `"${canary}"` } });
  const type = { method: 'POST', headers: { 'Content-Type': `text/${canary}` }, body: canary };
  await ask('/v1/statements', type);
  await ask('/v1/releases', { ...type, headers: { 'Content-Type': 'application/json' } });
  const bearer = { headers: { Authorization: `Bearer ${tokens.regulator}` } };
  const filters = [`organisation=${canary}MSP`, `device=${canary}`, `from=${canary}`];
  for (const filter of filters) await ask(`/v1/audit/accesses?${filter}`, bearer, regulator);
});

test('words in assertions and statements are refused', async () => {
  const device = keyOf(river.ehr.sig);
  const practice = {
    version: '1',
    organization_id: river.id,
    subject_role: 'nurse',
    purpose_of_use: ['TREAT'],
  };
  const assertion = (change: object, b2b: object = {}, header: object = {}) => {
    const claims = { iss: device.id, sub: device.id, aud: river.tokenUrl, iat: now(), exp: now() + 60 };
    const extensions = { 'hl7-b2b': { ...practice, subject_id: freshId(), ...b2b } };
    const payload = { ...claims, jti: freshId(), extensions, ...change };
    return signJson({ alg: 'ES256', kid: device.id, typ: 'JWT', ...header }, payload, device);
  };
  const assertions = [
    assertion({ name: canary }),
    assertion({ jti: canary }),
    assertion({ aud: `${river.tokenUrl}?${canary}` }),
    assertion({}, { subject_name: canary }),
    assertion({}, { subject_id: canary }),
    assertion({}, { organization_id: canary }),
    assertion({}, {}, { kid: canary }),
    canary,
  ];
  for (const client_assertion of assertions) {
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const form = { grant_type: 'client_credentials', client_assertion_type, client_assertion };
    const body = new URLSearchParams({ ...form, state: canary });
    const answer = await ask('/v1/oauth/token', { method: 'POST', body });
    expect(answer.status).toBe(401);
  }
  const statements = [
    patient.says({ act: 'skip', seq: 9, note: canary }),
    patient.says({ act: canary, seq: 9 }),
    patient.says({ act: 'revokeConsent', grant: canary }),
    patient.grant(`${canary}MSP`),
    patient.grant(lake.id, { purposes: [canary] }),
    patient.grant(lake.id, { scope: { records: [canary] } }),
  ];
  for (const body of statements) {
    for (const at of [river, insurer]) {
      const headers = { 'Content-Type': 'application/jose' };
      const answer = await ask('/v1/statements', { method: 'POST', headers, body }, at);
      expect([400, 404]).toContain(answer.status);
    }
  }
});

test('words in what is no HTTP are refused', async () => {
  const lines = [`GET /${canary} HTTP/9.9`, `${canary} / HTTP/1.1`, `GET / HTTP/1.1\r\n${canary}`, canary];
  for (const line of lines) {
    const socket = connect(Number(new URL(river.url).port), '127.0.0.1');
    socket.on('data', (chunk) => answers.push(chunk.toString()));
    socket.end(`${line}\r\n\r\n`);
    await once(socket, 'close');
  }
});

test('no word that a client chose is on the chain, in a state, a vault, a log, a metric or a problem', async () => {
  // logs reach their files a moment later
  await pause(500);
  expect(await placesOf(canary, whereabouts)).toEqual([]);
  expect(answers.length).toBeGreaterThan(40);
  expect(answers.filter((text) => text.includes(canary))).toEqual([]);
});

test('no token is in any of them either', async () => {
  for (const token of Object.values(tokens)) expect(await placesOf(token, whereabouts)).toEqual([]);
});

test('what is meant to be on the chain is found there by the same search', async () => {
  const places = await placesOf(patient.id, whereabouts);
  expect(places.some((place) => place.startsWith(ledgerKind === 'fabric' ? 'fabric/data' : 'ledger'))).toBe(
    true,
  );
  expect(places.filter((place) => place.startsWith('logs') || place.startsWith('metrics'))).toEqual([]);
  const elsewhere = await client.get(`${river.url}/v1/records/${record}`, tokens.patient);
  expect(elsewhere.status).toBe(200);
});
