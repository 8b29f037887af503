import { setTimeout as pause } from 'node:timers/promises';
import { importSigner, type Practitioner, ProblemError, randomId } from '@chartkey/client';
import { demoPorts } from '../../network/consortium.ts';
import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import { keyOf } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { ask } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';
import { signJson } from '../support/signing.ts';

const { folder: dataDir, remove } = ownFolder();
const content = Buffer.from('blood group 0, no known allergies');
let run: ConsortiumRun;
let people: ReturnType<typeof cast>;
let patient: RestPatient;
let record: string;

beforeAll(async () => {
  const portBase = await freePortBase();
  const witness = `http://127.0.0.1:${demoPorts(portBase).gateways.get('RegulatorMSP')}`;
  const gateways = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP'];
  const gatewayEnv = (id: string): Record<string, string> =>
    id === 'RiversideMSP' ? { EMERGENCY_WITNESS_URL: witness, EMERGENCY_RELEASES: '2' } : {};
  run = await ConsortiumRun.start({ dataDir, portBase, gatewayEnv, gateways });
  people = cast(run.founding.credentials);
  for (const id of ['RiversideMSP', 'LakesideMSP']) {
    hospitals.set(id, await SdkOrganisation.of(id, run.founding.credentials));
  }
  patient = await people.patient();
  record = await people.record(patient, content);
  // The index has to know what it is asked for when the ledger is gone.
  await eventually(async () => (await patient.pages(`/v1/patients/${patient.id}/records`)).length === 1);
  await pause(1_500);
});
afterAll(async () => {
  await run?.stop();
  remove();
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds().catch(() => false)) return;
    await pause(100);
  }
  throw new Error('it did not come about in time');
}

type Role = 'physician' | 'nurse' | 'privacy-officer';
/** Found in nobody's log: stands in the words alone. */
const words = 'no pulse at the tram stop';
const hospitals = new Map<string, SdkOrganisation>();
const ownOf = (id: string) => run.founding.credentials.organisations.find((one) => one.id === id)!;

/** A practitioner of a hospital, with the key that its demo registered, on the hospital's device. */
async function practitioner(role: Role, at = 'RiversideMSP'): Promise<Practitioner> {
  const own = ownOf(at).practitioners.find((one) => one.role === role)!;
  const hospital = hospitals.get(at)!;
  const device = await hospital.device('physician', ['ETREAT'], own.practitioner);
  return hospital.gateway.practitioner(await importSigner(own.key), device);
}

interface Words {
  at?: string;
  by?: Role;
  second?: Role;
  patient?: string;
  record?: string;
}

/** What two practitioners sign. */
async function signed({ at, by = 'physician', second = 'nurse', ...about }: Words = {}) {
  const [key, colleague] = [await practitioner(by, at), await practitioner(second, at)];
  const emergency = { patient: about.patient ?? patient.id, reason: 'unconscious', minutes: 60 } as const;
  const opening = await key.signWithoutLedger({ ...emergency, words });
  return { key, opening, second: await colleague.secondWithoutLedger(opening.id) };
}

/** Asks for the record without the ledger. */
async function release(asked: Words = {}) {
  const { key, opening, second } = await signed(asked);
  const { body, ...about } = await key.device.readWithoutLedger(asked.record ?? record, [opening, second]);
  return { ...about, opening, text: await textOf({ body }) };
}
const said = (work: Promise<unknown>) =>
  work.then(
    () => 'released',
    (error: unknown) => (error instanceof ProblemError ? `${error.status} ${error.code}` : String(error)),
  );

const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;

/** The same with a request that the SDK would not make. */
async function forged(claims: object): Promise<string> {
  const { opening, second } = await signed();
  const device = keyOf(ownOf('RiversideMSP').ehr.sig);
  const now = Math.floor(Date.now() / 1000);
  const own = { aud: people.network, iat: now, exp: now + 60, jti: randomId(), opening: opening.id, record };
  const header = { alg: 'ES256', kid: device.id, typ: 'chartkey-emergency+jwt' };
  const request = signJson(header, { ...own, ...claims }, device);
  const { status, code } = await ask(`${people.river.url}/v1/emergency-releases`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ opening: opening.text, second: second.text, request }),
  });
  return `${status} ${code}`;
}
const looks = async () =>
  (await patient.pages(`/v1/patients/${patient.id}/accesses`)).filter(({ basis }) => basis === 'break-glass');

test('while the ledger is there nothing is released without it', async () => {
  expect(await said(release())).toBe('409 LEDGER_REACHABLE');
  expect(await said(release({ at: 'LakesideMSP' }))).toBe('403 LOCAL_RELEASE_OFF');
});

let first: Awaited<ReturnType<typeof release>>;

describe('while the ledger is away', () => {
  beforeAll(() => run.kill('ledger'));

  test('a record of the own vault is released for two practitioners, once a witness has signed', async () => {
    first = await release();
    expect(first).toMatchObject({ text: String(content), number: 1, version: 1, length: content.length });
  });

  test.each<[string, Words, string]>([
    ['by a clerk', { by: 'privacy-officer' }, '403 ROLE_NOT_ALLOWED'],
    ['with one practitioner’s key', { second: 'physician' }, '403 SAME_PRACTITIONER'],
    ['for another patient', { patient: 'A'.repeat(43) }, '403 BREAK_GLASS_REQUIRED'],
    ['of a record that is not here', { record: 'a'.repeat(26) }, '404 RECORD_UNKNOWN'],
  ])('nothing is %s', async (_title, asked, code) => {
    expect(await said(release(asked))).toBe(code);
  });

  test.each<[string, () => object]>([
    ['for another opening', () => ({ opening: 'A'.repeat(43) })],
    ['of an hour ago', () => ({ iat: hourAgo(), exp: hourAgo() + 60 })],
    ['for another network', () => ({ aud: `demo-${'A'.repeat(43)}` })],
  ])('a request %s is refused', async (_title, claims) => {
    expect(await forged(claims())).toBe('400 REQUEST_PROOF_INVALID');
  });

  test('nothing else is released', async () => {
    const answer = await people.river.read(record);
    expect(answer.status).toBe(503);
    expect(answer.bytes.includes(content)).toBe(false);
  });

  test('without the witness nothing is released; what it missed is handed on before the next', async () => {
    await run.kill('RegulatorMSP');
    expect(await said(release())).toBe('503 WITNESS_UNAVAILABLE');
    expect(await said(release())).toBe('429 BREAK_GLASS_LIMIT');
  });
});

test('when the ledger is back every number is in the patient’s log, and awaits its review', async () => {
  await run.again('ledger');
  await run.again('RegulatorMSP');
  await eventually(async () => (await looks()).length === 2);
  for (const look of await looks()) {
    expect(look).toMatchObject({ late: true, record, organisation: 'RiversideMSP', purpose: 'ETREAT' });
  }
  people.regulator.forgetTokens();
  const waiting = await people.regulator.pages('/v1/break-glass?organisation=RiversideMSP');
  expect(waiting.filter((one) => one['patient'] === patient.id).length).toBe(2 + 1);
  // The ledger speaks for itself again.
  expect(await said(release())).toBe('409 STALE_SEQUENCE');
});

test('the words about it are kept afterwards, for who reviews it', async () => {
  const { id, salt, statement } = first.opening;
  const { device } = await practitioner('physician');
  const officer = await hospitals.get('RiversideMSP')!.device('privacy-officer');
  expect(await officer.opening(id)).not.toHaveProperty('words');
  const text = await device.keepReason(patient.id, ` ${words}\n`, salt);
  expect(statement).toMatchObject({ text });
  expect(await officer.opening(id)).toMatchObject({ words, reason: 'unconscious' });
});
