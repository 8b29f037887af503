import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { createDatabase, dropDatabase } from '../support/postgres-server.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { nameFor, sharedServices } from '../support/services.ts';

const content = randomBytes(20_000_000);
let own: OwnConsortium;
let patient: RestPatient;
let record: string;

beforeAll(async () => {
  own = await startOwnConsortium();
  patient = await own.people.patient();
  record = await own.people.record(patient, content);
  await patient.grant('LakesideMSP');
}, 120_000);
afterAll(() => own?.stop());

const folderOf = (organisation: string) => join(own.dataDir, 'organisations', organisation);
const upload = (bytes: Buffer, key?: string) => own.people.river.store(patient.id, bytes, key);
const statusOf = async (answer: Promise<{ status: number; code: string }>) => {
  const { status, code } = await answer;
  return `${status} ${code}`.trim();
};
async function unready(): Promise<string[]> {
  // An answer stands for a second.
  await pause(1_100);
  const answer = await fetch(`${own.people.river.url}/health/ready`);
  return ((await answer.json()) as { reasons?: string[] }).reasons ?? [];
}
const listed = async () =>
  (await own.people.lake.pages(`/v1/patients/${patient.id}/records`)).map((item) => item['record']);

test('a record is stored, granted, read elsewhere, in part too, and listed', async () => {
  const { lake } = own.people;
  expect((await lake.read(record)).bytes.equals(content)).toBe(true);
  const part = await lake.read(record, { range: 'bytes=8388600-8388700' });
  expect([part.status, part.bytes.equals(content.subarray(8_388_600, 8_388_701))]).toEqual([206, true]);
  expect(await listed()).toEqual([record]);
});

test('no payload and no index lie in the data folder, and the bucket holds no patient’s key', async () => {
  const folder = folderOf('RiversideMSP');
  expect([existsSync(join(folder, 'vault')), existsSync(join(folder, 'index'))]).toEqual([false, false]);
  expect(readdirSync(join(folder, 'patient-keys'))).toContain(patient.id);
  const names = readdirSync(own.payloads('RiversideMSP'), { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.includes(patient.id))).toEqual([]);
});

test('while the bucket is gone reads and uploads are 503 and readiness says why; afterwards all is there', async () => {
  const { river, lake } = own.people;
  const bucket = own.payloads('RiversideMSP');
  const key = wire.randomId();
  renameSync(bucket, `${bucket}-away`);
  expect(await statusOf(upload(content.subarray(0, 1000), key))).toBe('503 VAULT_UNAVAILABLE');
  expect(await statusOf(upload(content))).toBe('503 VAULT_UNAVAILABLE');
  const refused = await river.read(record);
  expect([refused.code, refused.headers.get('Retry-After')]).toEqual(['VAULT_UNAVAILABLE', '5']);
  expect(await statusOf(lake.read(record))).toMatch(/^503 (VAULT|CUSTODIAN)_UNAVAILABLE$/);
  expect(await unready()).toEqual(['the vault cannot be written (NoSuchBucket)']);
  expect(own.log('RiversideMSP')).toContain('"why":"NoSuchBucket"');
  renameSync(`${bucket}-away`, bucket);
  expect(await statusOf(upload(content.subarray(0, 1000), key))).toBe('201');
  expect((await lake.read(record)).bytes.equals(content)).toBe(true);
  expect(await unready()).toEqual([]);
});

test('credentials that are refused are read anew as soon as their file is another', async () => {
  const file = join(own.dataDir, 's3.json');
  const good = readFileSync(file, 'utf8');
  for (const wrong of [good.replace(/("SecretAccessKey":")[^"]+/, '$1wrong'), '{"AccessKeyId":']) {
    writeFileSync(file, wrong);
    expect(await statusOf(upload(content.subarray(0, 1000)))).toBe('503 VAULT_UNAVAILABLE');
    writeFileSync(file, good);
    expect(await statusOf(upload(content.subarray(0, 1000)))).toBe('201');
  }
  expect(own.log('RiversideMSP')).not.toContain(sharedServices().s3.credentials.secretAccessKey);
});

test('while the database is gone lists are 503 and all else goes on; made again it is filled from the ledger', async () => {
  const { lake } = own.people;
  const before = await listed();
  const admin = sharedServices().postgres;
  const database = nameFor(folderOf('LakesideMSP'));
  await dropDatabase(admin, database);
  const refused = await lake.list(patient.id);
  expect([refused.status, refused.code, refused.headers.get('Retry-After')]).toEqual([
    503,
    'INDEX_BEHIND',
    '5',
  ]);
  const stored = await upload(content.subarray(0, 1000));
  expect(stored.status).toBe(201);
  expect((await lake.read(String(stored.json['record']))).status).toBe(200);
  await createDatabase(admin, database);
  expect(await listed()).toEqual([stored.json['record'], ...before]);
});
