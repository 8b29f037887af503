import { randomBytes } from 'node:crypto';
import { type Device, makeKeys, type Patient } from '@chartkey/client';
import type { Stage } from './stage.ts';

/** Bytes of the records that are read for throughput and latency. */
export const CONTENT = 1024;

/** Stores records of one patient; answers their ids. */
export async function storeRecords({ river, patient }: Stage, many = 1, bytes = CONTENT): Promise<string[]> {
  const stored = Array.from({ length: many }, () => storeOne(river, patient.id, bytes));
  return Promise.all(stored);
}

/** Records of so many patients, one each, in the custody of a device's organisation. */
export async function storeForPatients(device: Device, recorder: string, many: number): Promise<string[]> {
  return (await patientsWithRecord(device, recorder, many)).map(({ record }) => record);
}

/** So many new patients with a record each, in the custody of a device's organisation. */
export async function patientsWithRecord(
  device: Device,
  recorder: string,
  many: number,
): Promise<{ patient: Patient; record: string }[]> {
  const enrolled: { patient: Patient; record: string }[] = [];
  while (enrolled.length < many) {
    const some = Array.from({ length: Math.min(32, many - enrolled.length) }, async () => {
      const patient = device.gateway.patient(await makeKeys());
      await device.enrol(await patient.enrolmentStatement({ recorder }));
      return { patient, record: await storeOne(device, patient.id, CONTENT) };
    });
    enrolled.push(...(await Promise.all(some)));
  }
  return enrolled;
}

async function storeOne(device: Device, patient: string, bytes: number): Promise<string> {
  const { record } = await device.storeRecord(patient, randomBytes(bytes), 'application/octet-stream');
  return record;
}
