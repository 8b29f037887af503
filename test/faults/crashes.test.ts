import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '@chartkey/gateway';
import { queries, RecordFacts } from '@chartkey/vocabulary';
import * as wire from '../journeys/independent-client.ts';
import { Chance } from '../support/chance.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { type Answer, sendStatement, withoutReceipt } from '../support/rest-answers.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { seed, share } from '../support/share.ts';
import { Traffic, type Tried, type UploadTried } from '../support/traffic.ts';

let own: OwnConsortium;
let ledger: Ledger;
let patient: RestPatient;
let record: string;
const chance = new Chance(seed);
const content = randomBytes(70_000);
/** Accesses of which it is known that they are granted on the ledger. */
const granted = new Set<string>();

beforeAll(async () => {
  own = await startOwnConsortium();
  patient = await own.people.patient();
  record = await own.people.record(patient, content);
  await patient.grant('LakesideMSP');
}, 120_000);
beforeEach(() => {
  ledger = own.run.connect('RegulatorMSP');
});
afterEach(() => ledger.close());
afterAll(() => own?.stop());

/** Kills a process in the middle of traffic, starts it again, and waits until all gateways can serve. */
async function crash(name: string, restart: () => Promise<void>): Promise<Traffic> {
  const traffic = new Traffic(own.people, patient, chance);
  traffic.start(record, content);
  await traffic.flows();
  await pause(chance.below(200));
  await own.run.kill(name);
  await pause(chance.below(60));
  await restart();
  await own.ready();
  await traffic.stop();
  for (const one of [own.people.river, own.people.lake]) one.forgetTokens();
  return traffic;
}

/** A refusal that says for certain that nothing was done. */
const isCertain = (answer: Answer | undefined) =>
  answer !== undefined && answer.status >= 400 && answer.status !== 504 && answer.code !== 'BROKEN';

async function checkUploads({ uploads, contents }: Traffic): Promise<void> {
  const { river } = own.people;
  const settle = async ({ what, answer }: Tried<UploadTried>) => {
    const again = await river.store(patient.id, what.content, what.key);
    if (answer?.status === 201) {
      expect([again.status, again.json]).toEqual([200, answer.json]);
    } else {
      expect(`${again.status} ${again.code}`).toMatch(isCertain(answer) ? /^201 $/ : /^20[01] $/);
      contents.set(String(again.json['record']), what.content);
    }
    const third = await river.store(patient.id, what.content, what.key);
    expect([third.status, third.json]).toEqual([200, again.json]);
  };
  await Promise.all(uploads.map(settle));
  const readBack = async ([id, stored]: [string, Buffer]) => {
    const answer = await river.read(id);
    expect([answer.status, answer.code, answer.bytes.equals(stored)]).toEqual([200, '', true]);
  };
  await Promise.all([...contents].map(readBack));
}

async function checkStatements({ statements }: Traffic): Promise<void> {
  const settle = async ({ what, answer }: Tried<string>, at: number) => {
    const next = statements[at + 1];
    if (next?.what === what) {
      // It was sent again: a certain refusal before must not have counted.
      if (isCertain(answer)) expect(next.answer?.status).not.toBe(200);
      return;
    }
    const again = await sendStatement(own.people.lake.url, what);
    expect(`${again.status} ${again.code}`).toMatch(/^20[01] $/);
    if (answer?.status === 201 || answer?.status === 200) {
      expect(withoutReceipt(again.json)).toEqual(withoutReceipt(answer.json));
    }
    const third = await sendStatement(own.people.river.url, what);
    expect([third.status, withoutReceipt(third.json)]).toEqual([200, withoutReceipt(again.json)]);
  };
  await Promise.all(statements.map(settle));
}

/** Whatever was served, and whatever key left, has its committed granted entry. */
async function checkAccesses({ reads, contents }: Traffic): Promise<void> {
  const served = reads.flatMap(({ answer }) => (answer && answer.status < 300 ? [answer] : []));
  const accesses = new Set(served.map(({ access }) => access));
  for (const organisation of ['RiversideMSP', 'LakesideMSP']) {
    for (const access of own.released(organisation)) accesses.add(access);
  }
  const isGranted = async (access: string) =>
    expect(await ledger.evaluate(queries.access, access)).toMatchObject({ decision: 'granted', access });
  const fresh = [...accesses].filter((access) => !granted.has(access));
  for (let at = 0; at < fresh.length; at += 64) await Promise.all(fresh.slice(at, at + 64).map(isGranted));
  for (const access of fresh) granted.add(access);
  for (const { access, bytes, cut } of served) {
    const entry = (await ledger.evaluate(queries.access, access)) as { record: string };
    const stored = contents.get(entry.record)!;
    expect((cut ? stored.subarray(0, bytes.length) : stored).equals(bytes)).toBe(true);
  }
}

/** Sealed files lie in the vault for what is anchored, or bear the mark that a later sweep looks at. */
async function unaccounted(): Promise<string[]> {
  const names = readdirSync(own.payloads('RiversideMSP'), { recursive: true, encoding: 'utf8' });
  const marked = new Set(
    names.filter((name) => name.includes('unsettled/')).map((name) => name.split('/').at(-1)),
  );
  expect(names.some((name) => name.endsWith('.sealed'))).toBe(true);
  const found: string[] = [];
  for (const name of names.filter((one) => /\.(sealed|part|tmp)$/.test(one))) {
    const [id = '', version, attempt] = (name.split('/').at(-1) ?? '').split('.');
    const facts = await ledger.evaluate(queries.record, id).then(RecordFacts.parse, () => undefined);
    const isAnchored = facts?.versions.some((one) => String(one.version) === version) === true;
    const isWhole = names.some((one) => one.includes(`${id}.${version}.`) && one.endsWith('.sidecar'));
    if (!isAnchored && !(isWhole && marked.has(`${id}.${version}.${attempt}`))) found.push(name);
  }
  return found;
}

/** An upload that stands still in its middle. @returns how to be rid of it */
async function standingUpload(): Promise<() => void> {
  const { river } = own.people;
  const upload = request(`${river.url}/v1/records?patient=${patient.id}`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${await river.token()}`,
      'Content-Type': 'application/octet-stream',
      'Content-Length': '1000000',
      'Idempotency-Key': wire.randomId(),
    },
  });
  upload.on('error', () => undefined);
  upload.write(randomBytes(400_000));
  return () => upload.destroy();
}

test.each([
  ['the custodian’s gateway', 'RiversideMSP', share(200, 1)],
  ['the asker’s gateway', 'LakesideMSP', share(200, 1)],
  ['the ledger', 'ledger', share(200, 1)],
  ['the chaincode', 'chaincode', share(50, 1)],
])(
  '%s is killed in the middle of writes and reads: nothing acknowledged is lost, nothing unlogged was released, and what was sent is settled by sending it again',
  async (_what, name, rounds) => {
    const restart = () => own.run.again(name);
    for (let round = 0; round < rounds; round += 1) {
      const drop = await standingUpload();
      const traffic = await crash(name, restart);
      drop();
      await checkUploads(traffic);
      await checkStatements(traffic);
      await checkAccesses(traffic);
      for (let tries = 0; tries < 100 && (await unaccounted()).length > 0; tries += 1) await pause(50);
      expect(await unaccounted()).toEqual([]);
    }
  },
  share(100_000_000, 60_000),
);
