import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import type { Underneath } from '../../network/demo/underneath.ts';
import { freePortBase, ownFolder } from './consortium.ts';
import { type Cast, cast } from './rest-actors.ts';
import { payloadFolder, servicesFor } from './services.ts';
import { busyGateway } from './start-consortium.ts';

/** A consortium of one test's own, to be killed and stopped at will. */
export interface OwnConsortium {
  run: ConsortiumRun;
  dataDir: string;
  people: Cast;
  /** the folder whose files are an organisation's sealed payloads */
  payloads(organisation: string): string;
  /** what a process has logged so far */
  log(process: string): string;
  /** ids of the accesses whose keys an organisation's gateway has released */
  released(organisation: string): string[];
  /** Resolves when every gateway that was started says that it can serve; throws when one does not in time. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const organisations = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP', 'InsurerMSP'];
/** Generous: a gateway is ready again within 5 s of a restart. */
const READY_MILLISECONDS = 15_000;

/** What differs from the demo. */
export interface OwnOptions {
  /** what the gateways stand on, in that folder; the embedded ledger when absent */
  make?: (dataDir: string, portBase: number) => Promise<Underneath>;
  /** more settings for every gateway */
  env?: Record<string, string>;
  /** whose gateways the test needs; everybody's when absent */
  gateways?: readonly string[];
}

export async function startOwnConsortium(options: OwnOptions = {}): Promise<OwnConsortium> {
  const { make, env = {}, gateways = organisations } = options;
  const { folder, remove } = ownFolder();
  const portBase = await freePortBase();
  const settings = await servicesFor(folder, organisations);
  const gatewayEnv = (id: string) => ({ ...busyGateway, ...settings.get(id), ...env });
  const underneath = await make?.(folder, portBase);
  const run = await ConsortiumRun.start({
    dataDir: folder,
    portBase,
    gatewayEnv,
    gateways,
    ...(underneath && { underneath }),
  });
  return {
    run,
    dataDir: folder,
    people: cast(run.founding.credentials),
    payloads: (organisation) => payloadFolder(join(folder, 'organisations', organisation)),
    log: (process) => readFileSync(join(folder, 'logs', `${process}.log`), 'utf8'),
    released: (organisation) => releasedIn(join(folder, 'organisations', organisation, 'released')),
    ready: async () => {
      const started = run.founding.credentials.organisations.filter(({ id }) => gateways.includes(id));
      await Promise.all(started.map(({ url }) => readyAt(url)));
    },
    stop: () => run.stop().finally(remove),
  };
}

async function readyAt(url: string): Promise<void> {
  const until = Date.now() + READY_MILLISECONDS;
  for (let last = ''; ; await pause(50)) {
    if (Date.now() > until) throw new Error(`${url} is not ready again: ${last}`);
    try {
      const answer = await fetch(`${url}/health/ready`);
      last = await answer.text();
      if (answer.status === 200) return;
    } catch (error) {
      last = String(error);
    }
  }
}

function releasedIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
  // A crash may have cut the last line, whose key then never left.
  return lines.flatMap((line) => (line.endsWith('}') ? [String(JSON.parse(line).access)] : []));
}
