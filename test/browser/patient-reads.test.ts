import { randomBytes } from 'node:crypto';
import type { Gateway, Patient } from '@chartkey/client';
import { Browser, type Page } from '../support/browser.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { accepted, statementInit } from '../support/rest-answers.ts';
import { SdkSite } from '../support/sdk-site.ts';
import { sha256 } from './reading-page.ts';

declare global {
  var patient: Patient;
  var second: Gateway;
  /** what became of each sealed answer on its way */
  var spoil: ((bytes: Uint8Array) => void) | undefined;
}

const content = randomBytes(300_000);
let site: SdkSite;
let foreign: SdkSite;
let browser: Browser;
let page: Page;
let consortium: OwnConsortium;
let record: string;

beforeAll(async () => {
  [site, foreign] = [await SdkSite.start(), await SdkSite.start()];
  consortium = await startOwnConsortium({ env: { APP_ORIGINS: site.url } });
  browser = await Browser.start();
  page = await browser.open(site.url);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await consortium?.stop();
  await Promise.all([site?.stop(), foreign?.stop()]);
});

const where = () => {
  const { network, river, lake } = consortium.people;
  return { network, river: river.url, lake: lake.url };
};

/** Reads in the page, and says what arrived and how it ended. */
const read = (options: { range?: { first: number; last?: number }; twice?: boolean } = {}) =>
  page.run(
    async (_sdk, { record, range, twice }) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let failure: { name: string; part?: string } | undefined;
      let about: object = {};
      try {
        const witness = twice ? { second: globalThis.second } : {};
        const { body, ...rest } = await globalThis.patient.readRecord(record, { range, ...witness });
        about = rest;
        const from = body.getReader();
        for (let one = await from.read(); !one.done; one = await from.read()) {
          chunks.push(new Uint8Array(one.value));
        }
      } catch (error) {
        const { name, part } = error as { name: string; part?: string };
        failure = { name, ...(part && { part }) };
      }
      const bytes = await new Blob(chunks).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return { about, failure, length: bytes.byteLength, sha256: btoa(String.fromCharCode(...digest)) };
    },
    { record, ...options },
  );

test('a patient makes its keys in the page, and is enrolled by the hospital in front of it', async () => {
  const { id, enrolment } = await page.run(async (sdk, { network, river, lake }) => {
    const fetching: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (!globalThis.spoil || !String(input).endsWith('/sealed')) return answer;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      globalThis.spoil(bytes);
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    };
    const gateway = await sdk.connect(river, { network, fetch: fetching });
    globalThis.second = await sdk.connect(lake, { network });
    globalThis.patient = gateway.patient(await sdk.makeKeys());
    const { text } = await globalThis.patient.enrolmentStatement({ recorder: gateway.organisation });
    return { id: globalThis.patient.id, enrolment: text };
  }, where());
  const { river } = consortium.people;
  accepted(await river.ask('/v1/statements', statementInit(enrolment)));
  const stored = await river.store(id, content);
  expect(stored.status).toBe(201);
  record = String(stored.json['record']);
});

test('it reads its record, which a second gateway bears out, with keys that cannot leave the page', async () => {
  const whole = await read();
  expect(whole.failure).toBeUndefined();
  expect(whole).toMatchObject({
    length: content.length,
    sha256: sha256(content),
    about: { version: 1, mediaType: 'application/octet-stream', length: content.length },
  });
  const twice = await read({ twice: true });
  expect([twice.failure, twice.sha256]).toEqual([undefined, sha256(content)]);
  const kept = await page.run(() => {
    const { keys } = globalThis.patient;
    return 'pairs' in keys && (keys as { pairs: { enc: CryptoKeyPair } }).pairs.enc.privateKey.extractable;
  });
  expect(kept).toBe(false);
});

test.each([
  { first: 0, last: 0 },
  { first: 65_479, last: 65_480 },
  { first: 140_000, last: 299_999 },
])('bytes %j of it come alone', async (range) => {
  const part = await read({ range });
  expect(part.failure).toBeUndefined();
  expect(part.about).toMatchObject({ part: range });
  expect(part.sha256).toBe(sha256(content.subarray(range.first, range.last + 1)));
});

test('one bit changed on the way is noticed, and only what came right before it arrived', async () => {
  await page.run(() => {
    globalThis.spoil = (bytes) => {
      bytes[140_000] = (bytes[140_000] ?? 0) ^ 1;
    };
  });
  const spoiled = await read();
  await page.run(() => {
    globalThis.spoil = undefined;
  });
  expect(spoiled.failure).toEqual({ name: 'Tampered', part: 'segment 2' });
  expect(spoiled.sha256).toBe(sha256(content.subarray(0, 131_000)));
});

test('it sees each of its looks, the spoiled one included', async () => {
  const looks = await page.run(async () => {
    const found = [];
    for await (const { person, basis, decision, access } of globalThis.patient.accesses()) {
      found.push({ own: person === globalThis.patient.id, basis, decision, access });
    }
    return found;
  });
  expect(looks).toHaveLength(6);
  for (const look of looks) expect(look).toMatchObject({ own: true, basis: 'patient', decision: 'granted' });
});

test('a page of another origin is not spoken to', async () => {
  const other = await browser.open(foreign.url);
  const failure = await other.run(
    (sdk, { network, river }) => sdk.connect(river, { network }).catch(({ name }: Error) => name),
    where(),
  );
  expect(failure).toBe('Unreachable');
});
