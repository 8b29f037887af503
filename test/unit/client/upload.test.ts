import { setImmediate } from 'node:timers/promises';
import { type Device, makeKeys, ProblemError, Unreachable } from '@chartkey/client';
import { ForeignGateway, type Handler, json, problem, type Seen, sha256 } from './foreign-gateway.ts';

let foreign: ForeignGateway;
let ehr: Device;
const patient = 'A'.repeat(43);
const record = 'r'.repeat(26);
const stored = {
  record,
  version: 1,
  patient,
  custodian: 'RiversideMSP',
  transaction: 'a'.repeat(64),
  committedAt: '2026-01-01T00:00:00.000Z',
};
const bytes = new TextEncoder().encode('MSH|^~\\&|');

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  foreign.on('POST', '/v1/records', (_seen, response) => json(response, 201, stored));
  foreign.on('PUT', `/v1/records/${record}/content`, (_seen, response) =>
    json(response, 201, { ...stored, version: 2 }),
  );
  const { sig } = await makeKeys();
  const acting = { practitioner: 'p'.repeat(26), role: 'physician' as const, purposes: ['TREAT' as const] };
  ehr = (await foreign.connect()).device(sig, acting);
});
afterEach(() => foreign.stop());

const uploads = () => foreign.seen.filter((one) => one.path.startsWith('/v1/records'));
const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks.shift();
      return chunk ? controller.enqueue(chunk) : controller.close();
    },
  });

test.each([
  ['bytes', () => bytes],
  ['a Buffer', () => Buffer.from(bytes)],
  ['a Blob of another type', () => new Blob([bytes], { type: 'text/plain' })],
  ['a stream', () => streamOf(bytes)],
  ['a function that opens a stream', () => () => streamOf(bytes.subarray(0, 3), bytes.subarray(3))],
])('%s are stored as they are, under the media type given and a random key', async (_name, content) => {
  expect(await ehr.storeRecord(patient, content(), 'x-application/hl7-v2+er7')).toEqual(stored);
  const [upload] = uploads();
  expect(upload?.query.get('patient')).toBe(patient);
  expect(upload?.body.equals(bytes)).toBe(true);
  expect(upload?.headers['content-type']).toBe('x-application/hl7-v2+er7');
  expect(upload?.headers['idempotency-key']).toMatch(/^[a-z2-7]{26}$/);
});

test('an empty content is stored', async () => {
  await ehr.storeRecord(patient, new Uint8Array(), 'text/plain');
  await ehr.storeRecord(patient, streamOf(), 'text/plain');
  expect(uploads().map((one) => one.body.length)).toEqual([0, 0]);
});

test('a version names the one it replaces', async () => {
  expect((await ehr.storeVersion(record, 1, bytes, 'text/plain', { idempotencyKey: 'mine' })).version).toBe(
    2,
  );
  const [upload] = uploads();
  expect(upload?.headers['if-match']).toBe('"1"');
  expect(upload?.headers['idempotency-key']).toBe('mine');
});

test('a content that can be read again is sent again under the same key', async () => {
  let turn = 0;
  foreign.on('POST', '/v1/records', (seen, response) => {
    turn += 1;
    if (turn === 1) return void seen.raw.socket.destroy();
    if (turn === 2) return problem(response, 504, 'OUTCOME_UNKNOWN');
    json(response, 200, stored);
  });
  expect(await ehr.storeRecord(patient, () => streamOf(bytes), 'text/plain')).toEqual(stored);
  expect(uploads().every((one) => one.body.equals(bytes))).toBe(true);
  expect(new Set(uploads().map((one) => one.headers['idempotency-key'])).size).toBe(1);
});

test('a stream is sent once; its failure names the key to try again with', async () => {
  foreign.on('POST', '/v1/records', (seen) => void seen.raw.socket.destroy());
  const failure: unknown = await ehr
    .storeRecord(patient, streamOf(bytes), 'text/plain')
    .catch((error) => error);
  expect(failure).toBeInstanceOf(Unreachable);
  expect(failure).toMatchObject({
    outcomeUnknown: true,
    idempotencyKey: uploads()[0]?.headers['idempotency-key'],
  });
  expect(uploads()).toHaveLength(1);
});

test('a refusal after a try whose outcome is not known does not say that nothing happened', async () => {
  let turn = 0;
  foreign.on('POST', '/v1/records', (seen, response) => {
    turn += 1;
    if (turn === 1) return void seen.raw.socket.destroy();
    problem(response, 403, 'NO_GRANT');
  });
  const failure: unknown = await ehr.storeRecord(patient, bytes, 'text/plain').catch((error) => error);
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ code: 'NO_GRANT', outcomeUnknown: true });
});

test('a source that fails is named, and ends the upload', async () => {
  const source = new ReadableStream<Uint8Array>({
    pull: () => {
      throw new Error('the scanner was unplugged');
    },
  });
  await expect(ehr.storeRecord(patient, source, 'text/plain')).rejects.toThrow('the scanner was unplugged');
});

test('an upload that the caller stops, or the gateway refuses, is not read on', async () => {
  let given: unknown;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await setImmediate();
        controller.enqueue(bytes);
      },
      cancel: (reason) => {
        given = reason;
      },
    });
  const stop = new AbortController();
  const stopping = ({ raw }: Seen) => void raw.once('data', () => stop.abort()).on('error', () => undefined);
  foreign.on('POST', '/v1/records', stopping, true);
  const { signal } = stop;
  await expect(ehr.storeRecord(patient, endless(), 'text/plain', { signal })).rejects.toThrow(/abort/i);
  expect(given).toBeDefined();
  given = undefined;
  const refusing: Handler = (_seen, response) => problem(response, 403, 'NO_GRANT');
  foreign.on('POST', '/v1/records', refusing, true);
  await expect(ehr.storeRecord(patient, endless(), 'text/plain')).rejects.toMatchObject({ code: 'NO_GRANT' });
  expect(given).toBeDefined();
});

test('64 MiB go through as a stream, made no faster than the gateway takes them', async () => {
  const [chunk, chunks] = [new Uint8Array(65_536).fill(7), 1024];
  let [made, taken, ahead] = [0, 0, 0];
  const hash = sha256('');
  const slowly = async ({ raw }: Seen) => {
    for await (const part of raw) {
      taken += part.length;
      hash.update(part);
      await setImmediate();
    }
  };
  foreign.on(
    'POST',
    '/v1/records',
    async (seen, response) => {
      await slowly(seen);
      json(response, 201, stored);
    },
    true,
  );
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (made === chunks * chunk.length) return controller.close();
      made += chunk.length;
      ahead = Math.max(ahead, made - taken);
      controller.enqueue(chunk);
    },
  });
  await ehr.storeRecord(patient, source, 'application/dicom');
  expect(taken).toBe(64 * 1024 * 1024);
  // What is ahead lies in the buffers of two sockets.
  expect(ahead).toBeLessThan(16 * 1024 * 1024);
  const whole = sha256('');
  for (let at = 0; at < chunks; at += 1) whole.update(chunk);
  expect(hash.digest('hex')).toBe(whole.digest('hex'));
});
