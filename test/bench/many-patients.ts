import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeKeys } from '@chartkey/client';
import { State, stopProcess, writeValue } from '@chartkey/network';
import { base32Id } from '@chartkey/vocabulary';
import { perSecond } from './crowd.ts';
import type { LedgerDevice } from './ledger-device.ts';
import { blocksFrom } from './logged.ts';
import { patientsWithRecord } from './records.ts';
import { grantLakeside, type Stage } from './stage.ts';

/** What an access reads of a patient. */
const READ: ReadonlySet<string> = new Set(['patient', 'grants', 'record']);
/** Patients written at a time. */
const PORTION = 5_000;

/** In the order of their bytes. */
const BASE64URL = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const BASE32 = '234567abcdefghijklmnopqrstuvwxyz';

interface Template {
  patient: string;
  record: string;
  /** keys and values as the ledger's state has them */
  writes: (readonly [key: string, value: string])[];
}

/**
 * Writes so many patients, each with a record and grants, straight into the embedded ledger's state while the
 * ledger is stopped: copies of what an enrolled patient's transactions wrote, under other ids. Enrolling a
 * million would take hours. Their statements are left out: no access reads them.
 * @returns the record of one of them
 */
export async function padPatients(stage: Stage, many: number): Promise<string> {
  const template = await templateOf(stage);
  await stopProcess(stage.run.processes.get('ledger')!);
  const state = await State.open(join(stage.run.dataDir, 'ledger', 'state'));
  let last = '';
  try {
    const savepoint = state.savepoint()!;
    for (let from = 0; from < many; from += PORTION) {
      const portion = Array.from({ length: Math.min(PORTION, many - from) }, (_, at) => (from + at) / many);
      const writes = portion.flatMap((place) => {
        const renamed = renaming(template, place);
        last = renamed(template.record);
        return template.writes.map(([key, value]) => {
          return writeValue(renamed(key), Buffer.from(renamed(value)), { block: 0, transaction: 0 });
        });
      });
      await state.apply(writes, savepoint);
    }
  } finally {
    await state.close();
  }
  await stage.run.again('ledger');
  return last;
}

/** Enrols patients through the ledger for so long. @returns how many */
export async function enrolPatients(
  { river }: Stage,
  device: LedgerDevice,
  milliseconds: number,
): Promise<number> {
  let enrolled = 0;
  await perSecond(16, milliseconds, async () => {
    const patient = river.gateway.patient(await makeKeys());
    await device.order('enrolPatient', (await patient.enrolmentStatement({ recorder: 'RiversideMSP' })).text);
    enrolled += 1;
  });
  return enrolled;
}

/** What the transactions of a patient with a record and grants wrote. */
async function templateOf(stage: Stage): Promise<Template> {
  const [made] = await patientsWithRecord(stage.river, 'RiversideMSP', 1);
  const { patient, record } = made!;
  await grantLakeside(patient);
  const newest = new Map<string, string>();
  for await (const { transactions } of blocksFrom(stage, 0)) {
    for (const { objectType, attributes, value } of transactions.flatMap(({ writes }) => writes)) {
      const isIts = attributes[0] === patient.id || attributes[0] === record;
      if (!READ.has(objectType) || !isIts) continue;
      newest.set(`\0${[objectType, ...attributes].join('\0')}\0`, JSON.stringify(value));
    }
  }
  return { patient: patient.id, record, writes: [...newest] };
}

/** Gives texts of the template ids of their own, in the order of places, so that the store takes them in fast. */
function renaming({ patient, record }: Template, place: number): (text: string) => string {
  const another = spaced(place, BASE64URL) + randomBytes(28).toString('base64url');
  const other = spaced(place, BASE32) + base32Id(randomBytes(16));
  return (text) =>
    text
      .replaceAll(patient, another.slice(0, patient.length))
      .replaceAll(record, other.slice(0, record.length));
}

/** Five letters of an alphabet that sort as places from 0 to 1 do. */
function spaced(place: number, letters: string): string {
  let rest = Math.floor(place * letters.length ** 5);
  let text = '';
  for (let at = 0; at < 5; at += 1) {
    text = letters[rest % letters.length]! + text;
    rest = Math.floor(rest / letters.length);
  }
  return text;
}
