import { Readable } from 'node:stream';
import { PatientQuota } from '../../../gateway/src/records/patient-quota.ts';

const day = 86_400_000;
let now = 0;
let quota: PatientQuota;
beforeEach(() => {
  now = 0;
  quota = new PatientQuota({ records: 2, bytes: 100 }, () => now);
});
/** Bytes that went through, or the failure. */
async function upload(bytes: number, patient = 'ann'): Promise<number | string> {
  let through = 0;
  try {
    const chunks = Array.from({ length: Math.ceil(bytes / 10) }, () => Buffer.alloc(10));
    for await (const chunk of quota.metered(patient, Readable.from(chunks))) through += chunk.length;
    return through;
  } catch (error) {
    const { code, about } = error as { code: string; about: { retryAfter: number } };
    return `${code} ${about.retryAfter}`;
  }
}

test('so many records go through in a day, then none until it is over', async () => {
  expect([await upload(10), await upload(0)]).toEqual([10, 0]);
  now = day / 2;
  expect(await upload(0)).toBe(`TOO_MANY_REQUESTS ${43_200}`);
  now = day;
  expect(await upload(10)).toBe(10);
});

test('so many bytes go through in a day, and an upload that goes beyond is cut', async () => {
  expect(await upload(90)).toBe(90);
  expect(await upload(20)).toMatch('TOO_MANY_REQUESTS');
  expect(await upload(0)).toMatch('TOO_MANY_REQUESTS');
});

test('one patient’s day is nobody else’s', async () => {
  expect(await upload(110)).toMatch('TOO_MANY_REQUESTS');
  expect(await upload(100, 'bob')).toBe(100);
});
