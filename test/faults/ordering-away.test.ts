import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { importSigner, type Practitioner, ProblemError } from '@chartkey/client';
import { demoPorts } from '../../network/consortium.ts';
import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { eventually } from '../journeys/cast.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import type { Answer } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';

/*
 * Peers answer and endorse, but nothing is ordered: no look can be logged, so the ledger counts as away. The
 * embedded ledger comes to that when its disk refuses blocks.
 */

const { folder: dataDir, remove } = ownFolder();
const content = 'blood group 0, no known allergies';
let portBase: number;
let run: ConsortiumRun;
let people: ReturnType<typeof cast>;
let patient: RestPatient;
let record: string;
let river: SdkOrganisation;
let physician: Practitioner;
let nurse: Practitioner;
let ledger: ChildProcess | undefined;
let look: Promise<Answer>;

beforeAll(async () => {
  portBase = await freePortBase();
  const witness = `http://127.0.0.1:${demoPorts(portBase).gateways.get('RegulatorMSP')}`;
  const gatewayEnv = (id: string): Record<string, string> =>
    id === 'RiversideMSP' ? { EMERGENCY_WITNESS_URL: witness } : {};
  run = await ConsortiumRun.start({ dataDir, portBase, gatewayEnv });
  people = cast(run.founding.credentials);
  river = await SdkOrganisation.of('RiversideMSP', run.founding.credentials);
  [physician, nurse] = [await practitioner('physician'), await practitioner('nurse')];
  patient = await people.patient();
  record = await people.record(patient, Buffer.from(content));
  // An earlier emergency: the practitioner's numbers have begun.
  await physician.breakGlass(emergency());
  await eventually(async () => (await patient.pages(`/v1/patients/${patient.id}/records`)).length === 1);
  await pause(1_500);
  await stopOrdering();
}, 120_000);
afterAll(async () => {
  ledger?.kill('SIGKILL');
  await run?.stop();
  remove();
});

const emergency = () =>
  ({ patient: patient.id, reason: 'unconscious', minutes: 60, words: 'no pulse' }) as const;

async function practitioner(role: 'physician' | 'nurse'): Promise<Practitioner> {
  const { organisations } = run.founding.credentials;
  const own = organisations
    .find(({ id }) => id === 'RiversideMSP')!
    .practitioners.find((one) => one.role === role)!;
  const device = await river.device('physician', ['ETREAT'], own.practitioner);
  return river.gateway.practitioner(await importSigner(own.key), device);
}

/** The ledger again, on a disk that takes no block more. */
async function stopOrdering(): Promise<void> {
  await run.kill('ledger');
  const folder = join(dataDir, 'ledger');
  const blocks = readdirSync(folder).find((name) => name.startsWith('blocks'))!;
  const most = Math.floor(statSync(join(folder, blocks)).size / 512);
  const main = join(dirname(require.resolve('@chartkey/network/package.json')), 'dist/embedded/main.js');
  const log = openSync(join(dataDir, 'logs', 'full-ledger.log'), 'w');
  const ports = demoPorts(portBase);
  ledger = spawn('/bin/sh', ['-c', `ulimit -f ${most} && exec "$@"`, 'sh', process.execPath, main], {
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      LEDGER_PORT: String(ports.ledger),
      CHAINCODE_ADDRESS: `127.0.0.1:${ports.chaincode}`,
    },
  });
  closeSync(log);
  await eventually(async () => (await people.river.ask(`/v1/records/${record}`)).status === 200);
}

const said = (work: Promise<unknown>) =>
  work.then(
    () => 'released',
    (error: unknown) => (error instanceof ProblemError ? `${error.status} ${error.code}` : String(error)),
  );

/** Two practitioners sign; a peer may say which number is due, and they sign again. */
async function release(change: { patient?: string } = {}) {
  const read = async (seq?: number) => {
    const opening = await physician.signWithoutLedger(
      { ...emergency(), ...change },
      seq === undefined ? {} : { seq },
    );
    const second = await nurse.secondWithoutLedger(opening.id);
    const { body, number } = await physician.device.readWithoutLedger(record, [opening, second]);
    return { number, text: await textOf({ body }) };
  };
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'STALE_SEQUENCE') throw error;
    return read(Number(error.document['expected']));
  }
}

test('an emergency opens the own vault, once the witness has signed', async () => {
  // The first transaction is taken and gets no block; the next ones are refused.
  expect(await release()).toEqual({ number: 1, text: content });
  look = people.river.read(record);
  expect(await release()).toEqual({ number: 2, text: content });
});

test('what the chaincode refuses while peers answer is refused here too', async () => {
  expect(await said(release({ patient: 'A'.repeat(43) }))).toBe('404 PATIENT_UNKNOWN');
});

test('without the witness nothing is released', async () => {
  await run.kill('RegulatorMSP');
  expect(await said(release())).toBe('503 WITNESS_UNAVAILABLE');
  await run.again('RegulatorMSP');
});

test('a look that cannot be logged has released nothing', async () => {
  const { status, code, bytes } = await look;
  expect(`${status} ${code}`).toBe('504 OUTCOME_UNKNOWN');
  expect(bytes.includes(content)).toBe(false);
});

test('when blocks are made again, each release is in the patient’s log, marked late', async () => {
  const ended = once(ledger!, 'exit');
  ledger!.kill('SIGKILL');
  await ended;
  await run.again('ledger');
  const looks = async () => {
    const all = await patient.pages(`/v1/patients/${patient.id}/accesses`);
    return all.filter(({ basis }) => basis === 'break-glass');
  };
  for (let round = 0; round < 3; round += 1) {
    const found = await eventually(async () => (await looks().catch(() => [])).length === 3).catch(
      () => false,
    );
    if (found) break;
  }
  for (const look of await looks()) expect(look).toMatchObject({ late: true, record, purpose: 'ETREAT' });
  expect(await looks()).toHaveLength(3);
}, 120_000);
