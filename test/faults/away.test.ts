import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { base32Id } from '@chartkey/vocabulary';
import { demoPorts } from '../../network/consortium.ts';
import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import type { DemoOrganisation } from '../../network/demo/founding.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import { keyOf } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { type Answer, ask } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { signJson, statement, statementIdOf, type TestKey } from '../support/signing.ts';

const { folder: dataDir, remove } = ownFolder();
const content = Buffer.from('blood group 0, no known allergies');
let run: ConsortiumRun;
let people: ReturnType<typeof cast>;
let patient: RestPatient;
let record: string;
const seconds = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  const portBase = await freePortBase();
  const witness = `http://127.0.0.1:${demoPorts(portBase).gateways.get('RegulatorMSP')}`;
  const gatewayEnv = (id: string): Record<string, string> =>
    id === 'RiversideMSP' ? { EMERGENCY_WITNESS_URL: witness, EMERGENCY_RELEASES: '2' } : {};
  run = await ConsortiumRun.start({ dataDir, portBase, gatewayEnv });
  people = cast(run.founding.credentials);
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

const river = () => run.founding.credentials.organisations.find(({ id }) => id === 'RiversideMSP')!;
const practitioner = (role: string, of = river()) =>
  keyOf(of.practitioners.find((one) => one.role === role)!.key);
const numbers = new Map<string, number>();

function says(key: TestKey, payload: object): string {
  const seq = (numbers.get(key.id) ?? 0) + 1;
  numbers.set(key.id, seq);
  return statement({ iss: key.id, aud: people.network, seq, ...payload }, key);
}

interface Words {
  at?: DemoOrganisation;
  by?: string;
  second?: string;
  device?: TestKey;
  change?: object;
  asked?: object;
}

/** Asks for the record without the ledger. */
function release({ at = river(), by = 'physician', second = 'nurse', change, asked, ...more }: Words = {}) {
  const device = more.device ?? keyOf(at.ehr.sig);
  const words = { reason: 'unconscious', text: 'A'.repeat(43), minutes: 60 };
  const opening = says(practitioner(by, at), {
    ...{ act: 'openBreakGlass', patient: patient.id, device: device.id, ...words, ...change },
  });
  const id = statementIdOf(opening);
  const seconded = says(practitioner(second, at), { act: 'secondBreakGlass', opening: id });
  const iat = seconds();
  const jti = base32Id(randomBytes(16));
  const claims = { aud: people.network, iat, exp: iat + 60, jti, opening: id, record, ...asked };
  const request = signJson({ alg: 'ES256', kid: device.id, typ: 'chartkey-emergency+jwt' }, claims, device);
  return sent({ opening, second: seconded, request }, at);
}
const sent = (body: object, at = river()): Promise<Answer> =>
  ask(`${at.url}/v1/emergency-releases`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
const said = ({ status, code }: Answer) => `${status} ${code}`.trim();
const looks = async () =>
  (await patient.pages(`/v1/patients/${patient.id}/accesses`)).filter(({ basis }) => basis === 'break-glass');

test('while the ledger is there nothing is released without it', async () => {
  expect(said(await release())).toBe('409 LEDGER_REACHABLE');
  const lake = run.founding.credentials.organisations.find(({ id }) => id === 'LakesideMSP')!;
  expect(said(await release({ at: lake }))).toBe('403 LOCAL_RELEASE_OFF');
});

describe('while the ledger is away', () => {
  beforeAll(() => run.kill('ledger'));

  test('a record of the own vault is released for two practitioners, once a witness has signed', async () => {
    const answer = await release();
    expect(said(answer)).toBe('200');
    expect(answer.bytes.equals(content)).toBe(true);
    expect(answer.headers.get('Late-Entry')).toBe('1');
  });

  test.each<[string, () => Words, string]>([
    ['by a clerk', () => ({ by: 'privacy-officer' }), '403 ROLE_NOT_ALLOWED'],
    ['with one practitioner’s key', () => ({ second: 'physician' }), '403 SAME_PRACTITIONER'],
    ['for another patient', () => ({ change: { patient: 'A'.repeat(43) } }), '403 BREAK_GLASS_REQUIRED'],
    ['of a record that is not here', () => ({ asked: { record: 'a'.repeat(26) } }), '404 RECORD_UNKNOWN'],
    ['for another opening', () => ({ asked: { opening: 'A'.repeat(43) } }), '400 REQUEST_PROOF_INVALID'],
    [
      'with a request of an hour ago',
      () => ({ asked: { iat: seconds() - 3600, exp: seconds() - 3540 } }),
      '400 REQUEST_PROOF_INVALID',
    ],
    [
      'for another network',
      () => ({ asked: { aud: `demo-${'A'.repeat(43)}` } }),
      '400 REQUEST_PROOF_INVALID',
    ],
  ])('nothing is %s', async (_title, words, code) => {
    expect(said(await release(words()))).toBe(code);
  });

  test('nothing else is released', async () => {
    const answer = await people.river.read(record);
    expect(answer.status).toBe(503);
    expect(answer.bytes.includes(content)).toBe(false);
  });

  test('without the witness nothing is released; what it missed is handed on before the next', async () => {
    await run.kill('RegulatorMSP');
    expect(said(await release())).toBe('503 WITNESS_UNAVAILABLE');
    expect(said(await release())).toBe('429 BREAK_GLASS_LIMIT');
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
  // The ledger speaks for itself again: the practitioner’s numbers went on without it.
  expect(said(await release())).toBe('409 STALE_SEQUENCE');
});
