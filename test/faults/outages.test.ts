import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { Cast, eventually, type Json, jsonOf } from '../journeys/cast.ts';
import * as client from '../journeys/independent-client.ts';
import { refused } from '../journeys/refusal.ts';
import { beginUpload } from '../journeys/upload.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import type { LedgerPatient } from '../support/ledger-actor.ts';
import { startOnSmallDisk } from './small-disk.ts';

const MIB = 1024 * 1024;
const LIMIT = 16 * MIB;
const { folder: dataDir, remove } = ownFolder();
const content = Buffer.from('The note that must not be lost.');
const shared = { 'Idempotency-Key': client.randomId() };
let portBase: number;
let run: ConsortiumRun;
let cast: Cast;
let patient: LedgerPatient;
let record: string;
let tokens: { river: string; lake: string; patient: string };

const settings = { MAX_UPLOAD_BYTES: String(LIMIT) };

beforeAll(async () => {
  portBase = await freePortBase();
  run = await ConsortiumRun.start({ dataDir, portBase, gatewayEnv: settings });
  cast = new Cast(run.founding.credentials);
  const { river, lake } = cast;
  const riverToken = await cast.token(river);
  patient = await cast.patient(riverToken);
  record = await cast.record(riverToken, patient, content);
  expect((await cast.say(patient.grant(lake.id))).status).toBe(201);
  await renew();
});
afterAll(async () => {
  await run?.stop();
  remove();
});

/** Tokens live in a gateway's memory: one that was restarted knows none. */
async function renew(): Promise<void> {
  const { river, lake } = cast;
  const [forRiver, forLake, forPatient] = await Promise.all([
    cast.token(river),
    cast.token(lake),
    cast.patientToken(patient),
  ]);
  tokens = { river: forRiver, lake: forLake, patient: forPatient };
}

const readAt = (at: 'river' | 'lake', headers: Record<string, string> = {}, id = record) =>
  client.get(`${cast[at].url}/v1/records/${id}/content`, tokens[at], headers);
const expectContent = async (answer: Response, expected = content) => {
  const found = Buffer.from(await answer.arrayBuffer());
  expect(`${answer.status} ${answer.ok ? '' : found}`).toBe('200 ');
  expect(found.equals(expected)).toBe(true);
};
const isReady = (at: 'river' | 'lake') =>
  fetch(`${cast[at].url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
const upload = (body: Buffer, key = client.randomId()) =>
  client.upload(cast.river.url, tokens.river, patient.id, body as Buffer<ArrayBuffer>, 'text/plain', key);

/** Every file in Riverside's vault. */
const inVault = () =>
  readdirSync(join(dataDir, 'organisations', cast.river.id, 'vault'), {
    recursive: true,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

test('a body that grows beyond the limit is refused, and nothing of it stays', async () => {
  const before = inVault();
  const url = `${cast.river.url}/v1/records?patient=${patient.id}`;
  const key = { 'Idempotency-Key': client.randomId() };
  const { outgoing, answer } = beginUpload(url, { Authorization: `Bearer ${tokens.river}`, ...key });
  for (let sent = 0; sent < LIMIT + 2 * MIB; sent += MIB) outgoing.write(Buffer.alloc(MIB, 'x'));
  outgoing.end();
  await refused((await answer)!, 'BODY_TOO_LARGE');
  await eventually(async () => inVault().length === before.length);
  expect(inVault()).toEqual(before);
  await refused(await upload(Buffer.alloc(LIMIT + 1)), 'BODY_TOO_LARGE');
});

describe('while the custodian’s gateway is down', () => {
  beforeAll(async () => {
    await expectContent(await readAt('lake', shared));
    await run.kill(cast.river.id);
  });

  test('a read elsewhere is refused and names the custodian', async () => {
    for (const headers of [{}, { 'Idempotency-Key': client.randomId() }, shared]) {
      const problem = await refused(await readAt('lake', headers), 'CUSTODIAN_UNAVAILABLE');
      expect(problem['organisation']).toBe(cast.river.id);
    }
    expect(await isReady('lake')).toBe(true);
  });

  test('a revocation goes through another gateway, and once the custodian is back it holds', async () => {
    const grant = patient.grant(cast.lake.id, { purposes: ['HRESCH'] });
    expect((await cast.say(grant, { at: cast.lake })).status).toBe(201);
    expect((await cast.say(patient.revocation(grant), { at: cast.lake })).status).toBe(201);
    await run.again(cast.river.id);
    await renew();
    await expectContent(await readAt('lake'));
    const research = await cast.token(cast.lake, { purposes: ['HRESCH'] });
    const url = `${cast.lake.url}/v1/records/${record}/content`;
    await refused(await client.get(url, research), 'PURPOSE_NOT_GRANTED');
  });
});

describe('while the ledger is down', () => {
  const key = client.randomId();
  const kept = { 'Idempotency-Key': client.randomId() };
  let statement: string;
  let before: string[];

  beforeAll(async () => {
    await expectContent(await readAt('lake', kept));
    await expectContent(await readAt('river', kept));
    statement = patient.grant(cast.lake.id);
    before = inVault();
    await run.kill('ledger');
  });

  test('nothing is released, not even what was read a moment before', async () => {
    for (const at of ['river', 'lake'] as const) {
      await refused(await readAt(at), 'LEDGER_UNAVAILABLE');
      await refused(await readAt(at, { 'Idempotency-Key': client.randomId() }), 'LEDGER_UNAVAILABLE');
    }
    for (const headers of [kept, { ...kept, Range: 'bytes=0-3' }]) {
      await refused(await readAt('river', headers), 'LEDGER_UNAVAILABLE');
      // its custodian asks a ledger of its own
      await refused(await readAt('lake', headers), 'CUSTODIAN_UNAVAILABLE');
    }
  });

  test('anchors, lists and members are not answered from memory', async () => {
    const asked: [path: string, bearer: string][] = [
      [`/v1/records/${record}`, tokens.river],
      [`/v1/patients/${patient.id}/records`, tokens.river],
      [`/v1/patients/${patient.id}/records`, tokens.patient],
      [`/v1/patients/${patient.id}/grants`, tokens.patient],
      [`/v1/patients/${patient.id}/accesses`, tokens.patient],
      [`/v1/patients/${patient.id}`, tokens.patient],
      ['/v1/organisations', tokens.patient],
      [`/v1/organisations/${cast.river.id}/devices`, tokens.patient],
      [`/v1/organisations/${cast.river.id}/devices/${cast.river.ehr.device}`, tokens.patient],
    ];
    for (const [path, bearer] of asked) {
      await refused(await client.get(`${cast.river.url}${path}`, bearer), 'LEDGER_UNAVAILABLE');
    }
  });

  test('statements, uploads and tokens are refused, and nothing is stored', async () => {
    await refused(await cast.say(statement), 'LEDGER_UNAVAILABLE');
    await refused(await upload(Buffer.from('later'), key), 'LEDGER_UNAVAILABLE');
    for (const one of cast.all) {
      await expect(cast.token(one)).rejects.toThrow('LEDGER_UNAVAILABLE');
    }
    expect(inVault()).toEqual(before);
  });

  test('a gateway says that it lives and is not ready', async () => {
    for (const { url } of cast.all) {
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      await eventually(async () => (await fetch(`${url}/health/ready`)).status === 503);
    }
  });

  test('everything goes on when it is back: the same statement, the same key, the same bytes', async () => {
    await run.again('ledger');
    await eventually(async () => (await isReady('river')) && (await isReady('lake')));
    expect((await cast.say(statement)).status).toBe(201);
    expect((await upload(Buffer.from('later'), key)).status).toBe(201);
    for (const at of ['river', 'lake'] as const) {
      await expectContent(await readAt(at));
      await expectContent(await readAt(at, kept));
    }
  });
});

describe('while the disk is full', () => {
  const key = client.randomId();
  const large = Buffer.alloc(12 * MIB, 'l');
  let child: ChildProcess;

  beforeAll(async () => {
    await run.kill(cast.river.id);
    child = startOnSmallDisk(cast.river.id, { dataDir, portBase }, settings);
    await eventually(() => isReady('river'));
    await renew();
  });
  afterAll(() => {
    child.kill('SIGKILL');
  });

  const put = (body: Buffer, more: string) =>
    fetch(`${cast.river.url}/v1/records/${record}/content`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${tokens.river}`,
        'Content-Type': 'text/plain',
        'Idempotency-Key': more,
        'If-Match': '"1"',
      },
      body: body as Buffer<ArrayBuffer>,
    });

  test('what does not fit is refused, and nothing is lost or left behind', async () => {
    const before = inVault();
    await refused(await upload(large, key), 'VAULT_FULL');
    await refused(await put(large, key), 'VAULT_FULL');
    expect(inVault()).toEqual(before);
    await expectContent(await readAt('river'));
    await expectContent(await readAt('lake'));
    const url = `${cast.river.url}/v1/records/${record}`;
    const { versions } = await jsonOf(await client.get(url, tokens.river));
    expect(versions as unknown as Json[]).toHaveLength(1);
  });

  test('what fits is still stored', async () => {
    expect((await upload(Buffer.from('small'))).status).toBe(201);
  });

  test('with room again, the same keys store what was refused', async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await run.again(cast.river.id);
    await renew();
    const answer = await upload(large, key);
    expect(answer.status).toBe(201);
    await expectContent(await readAt('river', {}, String((await jsonOf(answer))['record'])), large);
    expect((await put(large, key)).status).toBe(201);
    await expectContent(await readAt('lake'), large);
  });
});
