import { createHash } from 'node:crypto';
import { access, content, record } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());

const as = (token: string) => [`Authorization: Bearer ${token}`];
beforeEach(() => Object.assign(served.gateway, { fails: undefined, refuses: false }));

test('content is served as stored, with its digest, its access and no way to run it', async () => {
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers: as('device') });
  expect([found.status, found.body]).toEqual([200, '0123456789']);
  expect(found.headers).toMatchObject({
    'content-type': 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1',
    'content-length': '10',
    etag: '"1"',
    'repr-digest': `sha-256=:${createHash('sha256').update(content).digest('base64')}:`,
    'access-id': access,
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=5-99999999999999999999', 206, '56789', 'bytes 5-9/10'],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['lines=1-2', 200, '0123456789', undefined],
])('Range %s is answered %i', async (range, status, body, contentRange) => {
  const headers = [...as('device'), `Range: ${range}`];
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers });
  expect([found.status, found.body, found.headers['content-range']]).toEqual([status, body, contentRange]);
});

test('a range beyond the end hears how long the content is', async () => {
  const headers = [...as('device'), 'Range: bytes=10-'];
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers });
  expect([found.status, found.headers['content-range']]).toEqual([416, 'bytes */10']);
});

test('a refused read names its entry', async () => {
  served.gateway.refuses = true;
  const found = await served.ask({ path: `/v1/records/${record}/content`, headers: as('device') });
  expect(found.status).toBe(403);
  expect(JSON.parse(found.body)).toMatchObject({ code: 'NO_GRANT', status: 403, access });
});
