import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Device, importKeys, makeKeys, type Patient, randomId } from '@chartkey/client';
import {
  ConsortiumRun,
  EmbeddedUnderneath,
  FabricUnderneath,
  findPrograms,
  type LedgerAccess,
  ledgerAccess,
  type Underneath,
} from '@chartkey/network';
import type { LedgerKind } from '@chartkey/vocabulary';

/**
 * A consortium of its own, with a patient whose records Riverside holds and Lakeside may read. Lakeside's gateway
 * sends one transaction per read, so that both ways of sending them can be measured on one ledger.
 */
export interface Stage {
  run: ConsortiumRun;
  ledger: LedgerKind;
  river: Device;
  /** whose gateway does not group */
  lake: Device;
  patient: Patient;
  /** how an organisation reaches its peer */
  access(organisation: string): LedgerAccess;
  remove(): Promise<void>;
}

/** More settings of its gateways. */
export type StageOptions = Record<string, string>;

/** Settings of a stage all of whose gateways do as one does that nobody set anything for. */
export const USUAL: StageOptions = { ITEMS_PER_TRANSACTION: '64', IN_FLIGHT: '4', READS_INSIDE: '320' };
const UNGROUPED = { ITEMS_PER_TRANSACTION: '1', IN_FLIGHT: '64' };

/** Limits that let one address play many clients. */
const busy = {
  TOKENS_PER_ADDRESS: '1000000',
  REQUESTS_PER_CALLER: '10000000',
  REQUESTS_PER_ADDRESS: '10000000',
  STATEMENTS_PER_SIGNER: '1000000',
  REVOCATIONS_PER_SIGNER: '1000000',
  STATEMENTS_PER_ADDRESS: '1000000',
  READS_INSIDE: '4096',
};

export async function openStage(
  ledger: LedgerKind,
  portBase: number,
  gatewayEnv: StageOptions = {},
  around?: (underneath: Underneath) => Underneath,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-bench-'));
  const run = await startRun(ledger, folder, portBase, gatewayEnv, around);
  const [river, lake] = await Promise.all([deviceOf(run, 'RiversideMSP'), deviceOf(run, 'LakesideMSP')]);
  const patient = river.gateway.patient(await makeKeys());
  await river.enrol(await patient.enrolmentStatement({ recorder: 'RiversideMSP' }));
  await grantLakeside(patient);
  return {
    ...{ run, ledger, river, lake, patient },
    access: (organisation) => ledgerAccess(folder, organisation),
    async remove() {
      await run.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the demo consortium in a folder, or starts it again there. @param around what stands under it, changed */
export async function startRun(
  ledger: LedgerKind,
  folder: string,
  portBase: number,
  gatewayEnv: StageOptions = {},
  around = (underneath: Underneath) => underneath,
): Promise<ConsortiumRun> {
  const underneath = around(await underneathFor(ledger, folder, portBase));
  return ConsortiumRun.start({
    ...{ dataDir: folder, portBase, underneath },
    gatewayEnv: (organisation) => ({
      ...busy,
      ...(organisation === 'LakesideMSP' && UNGROUPED),
      ...gatewayEnv,
    }),
  });
}

async function underneathFor(ledger: LedgerKind, folder: string, portBase: number): Promise<Underneath> {
  if (ledger === 'embedded') return new EmbeddedUnderneath(folder, portBase);
  return new FabricUnderneath(folder, portBase, await findPrograms());
}

/** An organisation's EHR at its gateway, in a practitioner's name. */
export async function deviceOf(run: ConsortiumRun, id: string): Promise<Device> {
  const organisation = run.founding.credentials.organisations.find((one) => one.id === id)!;
  const gateway = await connect(organisation.url, { network: run.founding.network });
  const { sig } = await importKeys(organisation.ehr);
  return gateway.device(sig, { practitioner: randomId(), role: 'physician', purposes: ['TREAT'] });
}

/** Lets Lakeside read everything for treatment; answers the grant. */
export function grantLakeside(patient: Patient) {
  const grantee = { organisation: 'LakesideMSP' };
  return patient.grant({ grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'] });
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

/** Processor seconds that one process has used, in its own code and in the kernel's (Linux). */
export function processorSecondsOf(run: ConsortiumRun, name: string): number {
  const text = readFileSync(`/proc/${run.processes.get(name)!.child.pid}/stat`, 'utf8');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Bytes of one copy of the chain's blocks, as its keeper stores them. */
export function chainBytesOf({ run, ledger }: Pick<Stage, 'run' | 'ledger'>): number {
  if (ledger === 'embedded') return statSync(join(run.dataDir, 'ledger', 'blocks')).size;
  const folder = join(
    run.dataDir,
    'fabric',
    'data',
    'peer-riverside',
    'ledgersData',
    'chains',
    'chains',
    'records',
  );
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
