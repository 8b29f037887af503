import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Failure, instantAt, recordIdFor } from '@chartkey/vocabulary';
import type { Caller } from '../../../gateway/src/gateway.ts';
import { Records } from '../../../gateway/src/records/records.ts';
import { RetryNotes } from '../../../gateway/src/records/retry-notes.ts';
import { RetryKeys } from '../../../gateway/src/retry-keys.ts';
import { openFileStore, openVault } from '../../../gateway/src/vault/index.ts';
import { filesIn } from '../vault/sample.ts';
import { custodian, device, MemoryLedger, patient, stranger } from './memory-ledger.ts';

let root = '';
let ledger: MemoryLedger;
let records: Records;
const retryKeys = new RetryKeys(new Uint8Array(32));
const member = { id: custodian, kind: 'hospital' } as NonNullable<Caller['member']>;
const keeping = { of: 'enrolled', records: 2, bytes: 1_000 } as const;
const caller: Caller = {
  session: {
    session: 'S'.repeat(43),
    subject: 'device',
    id: device,
    startedBy: custodian,
    practitioner: 'a'.repeat(26),
    role: 'physician',
    purposes: ['TREAT'],
    until: instantAt(Date.now() + 300_000),
  },
  member,
};

async function open(organisation = member) {
  const vault = await openVault({
    network: `demo-${'n'.repeat(43)}`,
    payloads: await openFileStore(join(root, 'vault')),
    keyFolder: join(root, 'keys'),
    patientKeyFolder: join(root, 'patient-keys'),
  });
  const notes = new RetryNotes(await openFileStore(join(root, 'retries')));
  const whole = ledger as unknown as ConstructorParameters<typeof Records>[0]['ledger'];
  const labels = { of: async () => [] };
  return new Records({ ledger: whole, vault, organisation, retryKeys, notes, labels, keeping });
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'chartkey-records-'));
  ledger = new MemoryLedger();
  records = await open();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const upload = (text: string, idempotencyKey = 'key', mediaType = 'text/plain') => ({
  caller,
  idempotencyKey,
  mediaType,
  content: Readable.from([Buffer.from(text)]),
});
const store = (text: string, key?: string, mediaType?: string) =>
  records.storeRecord({ ...upload(text, key, mediaType), patient });
const replace = (text: string, key: string, replaces: number | undefined) =>
  records.storeVersion({ ...upload(text, key), record: recordOf('key'), replaces });
const recordOf = (key: string) => recordIdFor(device, retryKeys.of('upload', key));
const vaultFiles = () => filesIn(join(root, 'vault')).filter((name) => !name.startsWith('.unfinished'));
const unknown = (committed: boolean) => ({
  failure: new Failure('OUTCOME_UNKNOWN', { transaction: 'f'.repeat(64) }),
  committed,
});

test('the same key and content again has the first answer, also after a restart', async () => {
  const first = await store('one');
  expect(first).toMatchObject({
    repeated: false,
    stored: { record: recordOf('key'), version: 1, custodian },
  });
  expect(await store('one')).toEqual({ ...first, repeated: true });
  records = await open();
  expect(await store('one')).toEqual({ ...first, repeated: true });
  expect(ledger.submitted).toHaveLength(1);
});

test('the same key with another content, media type or patient is a mismatch', async () => {
  await store('one');
  await expect(store('two')).rejects.toThrow('IDEMPOTENCY_MISMATCH');
  await expect(store('one', 'key', 'text/html')).rejects.toThrow('IDEMPOTENCY_MISMATCH');
  const other = records.storeRecord({ ...upload('one'), patient: 'Q'.repeat(43) });
  await expect(other).rejects.toThrow('IDEMPOTENCY_MISMATCH');
});

test('concurrent uploads with one key store one record', async () => {
  const all = await Promise.all(['one', 'one', 'one', 'one'].map((text) => store(text)));
  expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
  expect(new Set(all.map(({ stored }) => stored.transaction)).size).toBe(1);
  expect(vaultFiles()).toHaveLength(2);
});

test('who may not record is refused before a byte is read', async () => {
  ledger.mayRecord = false;
  const refused = upload('one');
  await expect(records.storeRecord({ ...refused, patient })).rejects.toThrow('NO_GRANT');
  expect(refused.content.readableDidRead).toBe(false);
  const stranger = upload('one');
  await expect(records.storeRecord({ ...stranger, patient: 'Q'.repeat(43) })).rejects.toThrow(
    'PATIENT_UNKNOWN',
  );
  expect(stranger.content.readableDidRead).toBe(false);
});

test('other kinds than hospitals store nothing', async () => {
  const regulator = await open({ ...member, kind: 'regulator' });
  await expect(regulator.storeRecord({ ...upload('one'), patient })).rejects.toThrow('KIND_NOT_ALLOWED');
});

test('a device corrects nothing, and a person adds no version to a hospital’s record', async () => {
  const corrects = { record: 'a'.repeat(26), correction: 'not-mine' as const };
  const correcting = records.storeRecord({ ...upload('one'), patient, corrects });
  await expect(correcting).rejects.toThrow('PATIENTS_ONLY');
  const { stored } = await store('one');
  const person: Caller = { session: { ...caller.session, subject: 'patient', id: patient } };
  const next = { ...upload('two', 'next'), caller: person, record: stored.record, replaces: 1 };
  await expect(records.storeVersion(next)).rejects.toThrow('DEVICES_ONLY');
});

test('an upload that breaks off leaves nothing', async () => {
  const content = Readable.from(
    (async function* () {
      yield Buffer.alloc(200_000);
      throw new Failure('UPLOAD_INCOMPLETE');
    })(),
  );
  await expect(records.storeRecord({ ...upload(''), content, patient })).rejects.toThrow('UPLOAD_INCOMPLETE');
  expect(vaultFiles()).toEqual([]);
  expect(ledger.submitted).toEqual([]);
});

test('a refused anchor leaves nothing', async () => {
  ledger.mishaps.push({ failure: new Failure('NO_GRANT'), committed: false });
  await expect(store('one')).rejects.toThrow('NO_GRANT');
  expect(vaultFiles()).toEqual([]);
});

test('a conflict is tried again without a second sealing', async () => {
  ledger.mishaps.push({ failure: new Failure('LEDGER_CONFLICT'), committed: false });
  expect((await store('one')).repeated).toBe(false);
  expect(ledger.submitted).toHaveLength(2);
  expect(vaultFiles()).toHaveLength(2);
});

test('an unknown outcome that came about is what a retry finds', async () => {
  ledger.mishaps.push(unknown(true));
  await expect(store('one')).rejects.toThrow('OUTCOME_UNKNOWN');
  expect(await store('one')).toMatchObject({ repeated: true, stored: { version: 1 } });
  await expect(store('two')).rejects.toThrow('IDEMPOTENCY_MISMATCH');
  expect(await records.sweep(0)).toMatchObject({ settled: 1, removed: 0 });
});

test('an unknown outcome that never came about is swept, and a retry stores', async () => {
  ledger.mishaps.push(unknown(false));
  await expect(store('one')).rejects.toThrow('OUTCOME_UNKNOWN');
  expect(vaultFiles()).toHaveLength(3);
  expect(await records.sweep(60_000)).toMatchObject({ waiting: 1 });
  expect((await store('one')).repeated).toBe(false);
  expect(await records.sweep(0)).toMatchObject({ settled: 0, removed: 1 });
  expect(vaultFiles()).toHaveLength(2);
});

test('the gateway keeps finding out and removes what did not come about', async () => {
  ledger.mishaps.push(unknown(false));
  ledger.found = { block: 9, valid: false };
  await expect(store('one')).rejects.toThrow('OUTCOME_UNKNOWN');
  while (vaultFiles().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await store('one')).repeated).toBe(false);
});

test('a new version needs the newest one’s number', async () => {
  await store('one');
  await expect(replace('two', 'a', undefined)).rejects.toThrow('IF_MATCH_REQUIRED');
  await expect(replace('two', 'a', 2)).rejects.toThrow('[VERSION_CONFLICT] newest=1');
  expect(await replace('two', 'a', 1)).toMatchObject({ repeated: false, stored: { version: 2 } });
});

test('a repeated version is recognised before If-Match is looked at', async () => {
  await store('one');
  const first = await replace('two', 'a', 1);
  records = await open();
  expect(await replace('two', 'a', 1)).toEqual({ ...first, repeated: true });
  expect(await replace('two', 'a', undefined)).toEqual({ ...first, repeated: true });
  await expect(replace('three', 'a', 2)).rejects.toThrow('IDEMPOTENCY_MISMATCH');
  expect((await replace('three', 'b', 2)).stored.version).toBe(3);
  expect(await replace('two', 'a', 1)).toEqual({ ...first, repeated: true });
});

test('of two different versions at one time one wins', async () => {
  await store('one');
  const both = await Promise.allSettled([replace('two', 'a', 1), replace('three', 'b', 1)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(vaultFiles()).toHaveLength(4);
});

test('a version whose outcome was unknown is found by a retry, whenever it came about', async () => {
  await store('one');
  ledger.mishaps.push(unknown(true));
  await expect(replace('two', 'a', 1)).rejects.toThrow('OUTCOME_UNKNOWN');
  expect(await replace('two', 'a', 1)).toMatchObject({ repeated: true, stored: { version: 2 } });
});

test('a record held elsewhere is named with its custodian', async () => {
  await store('one');
  const facts = ledger.records.get(recordOf('key'));
  if (facts) ledger.records.set(recordOf('key'), { ...facts, custodian: 'LakesideMSP' });
  await expect(replace('two', 'a', 1)).rejects.toThrow('[NOT_CUSTODIAN] custodian=LakesideMSP');
  await expect(records.storeVersion({ ...upload('x'), record: 'b'.repeat(26), replaces: 1 })).rejects.toThrow(
    'RECORD_UNKNOWN',
  );
});

test('an anchor is for those it concerns', async () => {
  await store('one');
  const record = recordOf('key');
  const as = (id: string): Caller => ({ session: { ...caller.session, subject: 'patient', id } });
  const other: Caller = { ...caller, member: { ...member, id: 'LakesideMSP' } };
  expect((await records.anchorOf(caller, record)).versions).toHaveLength(1);
  expect((await records.anchorOf(as(patient), record)).patient).toBe(patient);
  await expect(records.anchorOf(as(stranger), record)).rejects.toThrow('NOT_YOURS');
  expect((await records.anchorOf(other, record)).record).toBe(record);
  ledger.mayRecord = false;
  await expect(records.anchorOf(other, record)).rejects.toThrow('NOT_YOURS');
  const regulator: Caller = { ...other, member: { ...member, kind: 'regulator' } };
  expect((await records.anchorOf(regulator, record)).record).toBe(record);
});
