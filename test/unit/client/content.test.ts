import { randomBytes } from 'node:crypto';
import {
  type Device,
  DigestMismatch,
  Interrupted,
  makeKeys,
  type ReadOptions,
  UnexpectedAnswer,
} from '@chartkey/client';
import { ForeignGateway, type Handler, json, problem, sha256 } from './foreign-gateway.ts';

let foreign: ForeignGateway;
let ehr: Device;
const record = 'r'.repeat(26);
const path = `/v1/records/${record}/content`;
const access = `${'a'.repeat(64)}:0`;
const content = randomBytes(300_000);
const digestOf = (bytes: Uint8Array) => `sha-256=:${sha256(bytes).digest('base64')}:`;

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  const { sig } = await makeKeys();
  const acting = { practitioner: 'p'.repeat(26), role: 'physician' as const, purposes: ['TREAT' as const] };
  ehr = (await foreign.connect()).device(sig, acting);
});
afterEach(() => foreign.stop());

const headers = (bytes: Uint8Array, more: object = {}) => ({
  'Content-Type': 'application/dicom',
  'Content-Length': String(bytes.length),
  'Access-Id': access,
  ETag: '"2"',
  'Repr-Digest': digestOf(bytes),
  ...more,
});
const serves = (bytes: Uint8Array, more: object = {}) =>
  answers((_seen, response) => void response.writeHead(200, headers(bytes, more)).end(bytes));
const answers = (handler: Handler) => foreign.on('GET', path, handler);
const bytesOf = async (options: ReadOptions = {}) => {
  const { body } = await ehr.readRecord(record, options);
  return Buffer.from(await new Response(body).arrayBuffer());
};
/** What arrives of a body before it fails, and how it fails. */
async function drained(body: ReadableStream<Uint8Array>) {
  let arrived = 0;
  try {
    for await (const chunk of body) arrived += chunk.length;
    return { arrived, failure: undefined };
  } catch (failure) {
    return { arrived, failure };
  }
}

test('a record comes byte for byte, with what the gateway says of it', async () => {
  serves(content);
  const { body, ...about } = await ehr.readRecord(record, { version: 2, purpose: 'TREAT' });
  expect(about).toEqual({
    access,
    version: 2,
    mediaType: 'application/dicom',
    length: content.length,
    digest: sha256(content).digest('base64'),
  });
  expect(Buffer.from(await new Response(body).arrayBuffer()).equals(content)).toBe(true);
  const asked = foreign.seen.at(-1);
  expect(asked?.query.get('version')).toBe('2');
  expect(asked?.headers['purpose-of-use']).toBe('TREAT');
  expect(asked?.headers['idempotency-key']).toMatch(/^[a-z2-7]{26}$/);
});

test('an empty record is empty', async () => {
  serves(new Uint8Array());
  expect(await bytesOf()).toHaveLength(0);
});

test.each([1, 100, content.length])(
  'content of %d bytes that has another digest never arrives whole',
  async (length) => {
    const part = content.subarray(0, length);
    serves(part, { 'Repr-Digest': digestOf(Buffer.from('something else')) });
    const { arrived, failure } = await drained((await ehr.readRecord(record)).body);
    expect(failure).toBeInstanceOf(DigestMismatch);
    expect(failure).toMatchObject({ access });
    expect(arrived).toBeLessThan(length);
  },
);

test('content cut off in the middle ends in Interrupted', async () => {
  answers((_seen, response) => {
    response.writeHead(200, headers(content));
    response.write(content.subarray(0, 150_000), () => response.destroy());
  });
  const { arrived, failure } = await drained((await ehr.readRecord(record)).body);
  expect(failure).toBeInstanceOf(Interrupted);
  expect(arrived).toBeLessThan(content.length);
});

test('the caller stops a download by a signal, or by leaving the stream', async () => {
  const open = () =>
    answers((_seen, response) => {
      response.writeHead(200, headers(content)).write(content.subarray(0, 200_000));
    });
  open();
  const stop = new AbortController();
  const { body } = await ehr.readRecord(record, { signal: stop.signal });
  const reader = body.getReader();
  await reader.read();
  stop.abort(new Error('the clinician closed the window'));
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  await expect(rest()).rejects.toThrow('the clinician closed the window');
  const left = (await ehr.readRecord(record)).body;
  await left.cancel();
  await expect(ehr.readRecord(record, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

test('a part comes with its place in the whole', async () => {
  answers((seen, response) => {
    expect(seen.headers.range).toBe('bytes=10-19');
    const part = { 'Content-Length': '10', 'Content-Range': `bytes 10-19/${content.length}` };
    response.writeHead(206, headers(content, part)).end(content.subarray(10, 20));
  });
  const { body, part, length } = await ehr.readRecord(record, { range: { first: 10, last: 19 } });
  expect(part).toEqual({ first: 10, last: 19 });
  expect(length).toBe(content.length);
  expect(Buffer.from(await new Response(body).arrayBuffer()).equals(content.subarray(10, 20))).toBe(true);
});

test.each([
  ['begins elsewhere', 20, 29],
  ['ends sooner', 10, 14],
  ['ends later', 10, 24],
])('a part that %s is not the one that was asked for', async (_what, first, last) => {
  answers((_seen, response) => {
    const bytes = content.subarray(first, last + 1);
    const part = { 'Content-Range': `bytes ${first}-${last}/${content.length}` };
    response.writeHead(206, headers(bytes, part)).end(bytes);
  });
  const range = { first: 10, last: 19 };
  await expect(ehr.readRecord(record, { range })).rejects.toThrow(UnexpectedAnswer);
});

test('an open range goes to the end, and a gateway may answer with the whole, which is then checked', async () => {
  serves(content, { 'Repr-Digest': digestOf(Buffer.from('something else')) });
  const { body, part } = await ehr.readRecord(record, { range: { first: 5 } });
  expect(part).toBeUndefined();
  expect(foreign.seen.at(-1)?.headers.range).toBe('bytes=5-');
  expect((await drained(body)).failure).toBeInstanceOf(DigestMismatch);
});

test.each([
  ['no digest', { 'Repr-Digest': 'sha-512=:AAAA:' }],
  ['no access', { 'Access-Id': '' }],
  ['another version', { ETag: '"7"' }],
  ['a weak tag', { ETag: 'W/"2"' }],
  ['no media type', { 'Content-Type': '' }],
])('an answer with %s is unexpected', async (_name, wrong) => {
  serves(content, wrong);
  await expect(ehr.readRecord(record, { version: 2 })).rejects.toThrow(UnexpectedAnswer);
});

test('a part that was not asked for is unexpected', async () => {
  answers((_seen, response) => {
    const part = { 'Content-Length': '10', 'Content-Range': `bytes 10-19/${content.length}` };
    response.writeHead(206, headers(content, part)).end(content.subarray(10, 20));
  });
  await expect(ehr.readRecord(record)).rejects.toThrow(UnexpectedAnswer);
});

test('a read that is tried again keeps its key, so it is one access and one use', async () => {
  let turn = 0;
  answers((seen, response) => {
    turn += 1;
    if (turn === 1) return void seen.raw.socket.destroy();
    if (turn === 2) return json(response, 503, { code: 'CUSTODIAN_UNAVAILABLE' }, { 'Retry-After': '0' });
    response.writeHead(200, headers(content)).end(content);
  });
  expect((await bytesOf()).equals(content)).toBe(true);
  const keys = foreign.seen.filter((one) => one.path === path).map((one) => one.headers['idempotency-key']);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test('a refused read tells the access', async () => {
  answers((_seen, response) => problem(response, 403, 'GRANT_EXPIRED', { access }));
  await expect(ehr.readRecord(record)).rejects.toMatchObject({ code: 'GRANT_EXPIRED', access });
});
