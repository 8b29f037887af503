import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Device, importKeys, makeKeys, type Patient, randomId } from '@chartkey/client';
import { ConsortiumRun } from '@chartkey/network';

/** A consortium of its own, with a patient whose records Riverside holds and Lakeside may read. */
export interface Stage {
  run: ConsortiumRun;
  river: Device;
  lake: Device;
  patient: Patient;
  remove(): Promise<void>;
}

/** Limits that let one address play many clients. */
const busy = {
  TOKENS_PER_ADDRESS: '1000000',
  REQUESTS_PER_CALLER: '10000000',
  REQUESTS_PER_ADDRESS: '10000000',
};

export async function openStage(portBase: number, gatewayEnv: Record<string, string> = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-bench-'));
  const run = await ConsortiumRun.start({
    dataDir: folder,
    portBase,
    gatewayEnv: { ...busy, ...gatewayEnv },
  });
  const device = async (id: string) => {
    const organisation = run.founding.credentials.organisations.find((one) => one.id === id)!;
    const gateway = await connect(organisation.url, { network: run.founding.network });
    const { sig } = await importKeys(organisation.ehr);
    return gateway.device(sig, { practitioner: randomId(), role: 'physician', purposes: ['TREAT'] });
  };
  const [river, lake] = await Promise.all([device('RiversideMSP'), device('LakesideMSP')]);
  const patient = river.gateway.patient(await makeKeys());
  await river.enrol(await patient.enrolmentStatement({ recorder: 'RiversideMSP' }));
  const words = { scope: 'all', actions: ['read'], purposes: ['TREAT'] } as const;
  await patient.grant({
    grantee: { organisation: 'LakesideMSP' },
    ...words,
    actions: ['read'],
    purposes: ['TREAT'],
  });
  return {
    run,
    river,
    lake,
    patient,
    async remove() {
      await run.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Proportional set size of every process of a consortium, bytes (Linux). */
export function memoryOf(run: ConsortiumRun): Map<string, number> {
  return new Map(
    [...run.processes].map(([name, { child }]) => {
      const text = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8');
      return [name, Number(/^Pss:\s+([0-9]+) kB$/m.exec(text)?.[1] ?? 0) * 1024];
    }),
  );
}

/** Resident memory of one process, bytes (Linux). */
export function residentOf(run: ConsortiumRun, name: string): number {
  const text = readFileSync(`/proc/${run.processes.get(name)!.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}
