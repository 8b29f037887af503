import { connect as connectSocket } from 'node:net';
import { demoPorts } from '../../network/consortium.ts';
import * as wire from '../journeys/independent-client.ts';
import { approvedDevice } from '../support/approved-device.ts';
import { Chance } from '../support/chance.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { mutated, mutatedMembers } from '../support/mutation.ts';
import { gatewayKey, proof, releasesAt } from '../support/release-proofs.ts';
import { cast } from '../support/rest-actors.ts';
import { RestDevice } from '../support/rest-device.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { seed, share, soaking } from '../support/share.ts';

const { credentials, dataDir, portBase } = sharedConsortium();
const people = cast(credentials);
const { network, river, lake } = people;
let device: RestDevice;
let patient: RestPatient;
let record: string;
/** spent before it is mutated, so that what stays whole starts no session */
const jti = wire.randomId();

beforeAll(async () => {
  device = new RestDevice(river.organisation, await approvedDevice(river.organisation));
  patient = await people.patient();
  record = await people.record(patient, Buffer.from('content'));
  await send(await template.assertion(new Chance(seed)));
});

interface Said {
  line: string;
  headers: Record<string, string>;
  body: string;
}

const now = () => Math.floor(Date.now() / 1000);
const jose = (text: string): Said => ({
  line: 'POST /v1/statements',
  headers: { 'Content-Type': 'application/jose' },
  body: text,
});
const form = (assertion: string): Said => ({
  line: 'POST /v1/oauth/token',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }).toString(),
});
const bearer = async () => ({ Authorization: `Bearer ${await device.token()}` });

function assertionPayload(): Record<string, unknown> {
  const b2b = {
    version: '1',
    organization_id: device.organisation.id,
    subject_id: device.practitioner,
    subject_role: 'physician',
    purpose_of_use: ['TREAT'],
  };
  const claims = { iss: device.id, sub: device.id, aud: device.organisation.tokenUrl, jti };
  return { ...claims, iat: now(), exp: now() + 300, extensions: { 'hl7-b2b': b2b } };
}

const statementPayload = () => ({
  iss: patient.id,
  aud: network,
  iat: now(),
  exp: now() + 300,
  act: 'grantConsent',
  seq: 1,
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
});

/** Whole requests, and such as are signed rightly over what is wrong. */
const template = {
  assertion: async (_chance: Chance) =>
    form(wire.jws({ alg: 'ES256', kid: device.id, typ: 'JWT' }, assertionPayload(), device.key)),
  wrongAssertion: async (chance: Chance) =>
    form(
      wire.jws(
        mutatedMembers({ alg: 'ES256', kid: device.id, typ: 'JWT' }, chance),
        { ...mutatedMembers(assertionPayload(), chance), jti },
        device.key,
      ),
    ),
  statement: async (_chance: Chance) =>
    jose(wire.statement(network, patient.key, patient.id, statementPayload())),
  wrongStatement: async (chance: Chance) =>
    jose(
      wire.jws(
        mutatedMembers({ alg: 'ES256', kid: patient.id, typ: 'chartkey-statement+jwt' }, chance),
        mutatedMembers(statementPayload(), chance),
        patient.key,
      ),
    ),
  upload: async (_chance: Chance) => ({
    line: `POST /v1/records?patient=${patient.id}`,
    headers: { ...(await bearer()), 'Content-Type': 'text/plain', 'Idempotency-Key': 'one-key' },
    body: 'content',
  }),
  version: async (_chance: Chance) => ({
    line: `PUT /v1/records/${record}/content`,
    headers: {
      ...(await bearer()),
      'Content-Type': 'text/plain',
      'Idempotency-Key': 'one-key',
      'If-Match': '"7"',
    },
    body: 'content',
  }),
  read: async (_chance: Chance) => ({
    line: `GET /v1/records/${record}/content?version=1`,
    headers: { ...(await bearer()), Range: 'bytes=0-3', 'Purpose-Of-Use': 'TREAT', 'Idempotency-Key': 'k' },
    body: '',
  }),
  list: async (chance: Chance) => ({
    line: `GET /v1/patients/${patient.id}/${chance.of(['records', 'grants', 'accesses'])}?cursor=abc`,
    headers: await bearer(),
    body: '',
  }),
  release: async (chance: Chance) => {
    const key = gatewayKey(dataDir, lake.organisation.id);
    const token = proof(key, releasesAt(river.url), {}, chance.below(2) ? { crit: ['x'] } : {});
    return {
      line: 'POST /v1/releases',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ access: `${'0'.repeat(63)}x:0` }),
    };
  },
};

/** The request's bytes, with its target, its headers, its body, or all of it disturbed. */
function disturbed({ line, headers, body }: Said, chance: Chance): Buffer {
  const which = chance.below(5);
  const [method = '', target = ''] = line.split(' ');
  const start = `${method} ${which === 0 ? mutated(target, chance) : target} HTTP/1.1`;
  const names = Object.keys(headers);
  const hurt = chance.of(names);
  const lines = names.map(
    (name) => `${name}: ${which === 1 && name === hurt ? mutated(headers[name]!, chance) : headers[name]}`,
  );
  const content = Buffer.from(which === 2 ? mutated(body, chance) : body);
  const head = [start, 'Host: gateway', 'Connection: close', ...lines, `Content-Length: ${content.length}`];
  const text = `${head.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(which === 3 ? mutated(text, chance) : text, 'latin1'), content]);
}

/** The status of the answer; 0 when the connection was closed without one. */
function sendBytes(bytes: Buffer): Promise<number> {
  const { hostname, port } = new URL(river.url);
  return new Promise((done) => {
    let answer = '';
    const socket = connectSocket(Number(port), hostname, () => socket.end(bytes));
    const finish = () => done(Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(answer)?.[1] ?? 0));
    socket.setEncoding('latin1').on('data', (part: string) => {
      if (answer.length < 64) answer += part;
    });
    socket.on('close', finish).on('error', finish);
  });
}

const send = (said: Said) => sendBytes(disturbedNot(said));
const disturbedNot = (said: Said) => {
  const head = Object.entries(said.headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [`${said.line} HTTP/1.1`, 'Host: gateway', 'Connection: close', ...head];
  return Buffer.from(
    `${lines.join('\r\n')}\r\nContent-Length: ${said.body.length}\r\n\r\n${said.body}`,
    'latin1',
  );
};

/** A number of the gateway's metrics page. */
async function metric(name: string): Promise<number> {
  const port = demoPorts(portBase).metrics.get(river.organisation.id);
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(page)?.[1]);
}

test(
  'whatever is sent gets an answer below 500, and the gateway goes on as the same process',
  async () => {
    const started = await metric('process_start_time_seconds');
    expect(started).toBeGreaterThan(0);
    const chance = new Chance(seed);
    const makers = Object.values(template);
    const full = share(100_000, 300);
    const seen = new Map<number, number>();
    let settled = 0;
    for (let round = 0; round < full; round += 20) {
      const batch = await Promise.all(
        Array.from({ length: 20 }, async () => disturbed(await chance.of(makers)(chance), chance)),
      );
      const statuses = await Promise.all(batch.map(sendBytes));
      for (const [at, status] of statuses.entries()) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
        if (status >= 500) throw new Error(`${status} for ${JSON.stringify(batch[at]?.toString('latin1'))}`);
      }
      if (settled === 0 && round >= full / 5) settled = await metric('process_resident_memory_bytes');
    }
    expect(await metric('process_start_time_seconds')).toBe(started);
    expect(seen.get(400)).toBeGreaterThan(full / 10);
    if (soaking) expect(await metric('process_resident_memory_bytes')).toBeLessThan(settled + (64 << 20));
    const answer = await device.read(record);
    expect([answer.status, answer.bytes.toString()]).toEqual([200, 'content']);
  },
  share(3_600_000, 60_000),
);
