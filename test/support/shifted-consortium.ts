import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedUnderneath } from '../../network/demo/embedded-underneath.ts';
import type { Underneath } from '../../network/demo/underneath.ts';
import { ownFolder } from './consortium.ts';
import { type OwnConsortium, startOwnConsortium } from './own-consortium.ts';

const SHIFT = join(__dirname, 'shifted-clock.cjs');
/** Longer than a process keeps the offset that it has read. */
const NOTICED = 50;

/** A consortium whose days pass in a moment: in its ledger, chaincode and gateways, and in the test itself. */
export interface ShiftedConsortium extends OwnConsortium {
  /** Lets so many days pass, for everybody. */
  pass(days: number): Promise<void>;
}

/** @param gateways whose gateways the test needs; everybody's when absent */
export async function startShiftedConsortium(gateways?: readonly string[]): Promise<ShiftedConsortium> {
  const { folder, remove } = ownFolder();
  const file = join(folder, 'offset');
  let shift = 0;
  const set = () => {
    writeFileSync(`${file}.new`, String(shift));
    renameSync(`${file}.new`, file);
  };
  set();
  process.env['CLOCK_FILE'] = file;
  require(SHIFT);
  const env = { NODE_OPTIONS: `--require=${SHIFT}`, CLOCK_FILE: file };
  const make = async (dataDir: string, portBase: number): Promise<Underneath> => {
    const embedded = new EmbeddedUnderneath(dataDir, portBase);
    return {
      kind: embedded.kind,
      ports: embedded.ports,
      access: (organisation) => embedded.access(organisation),
      start: ({ begin, run }) =>
        embedded.start({ begin, run: (order) => run({ ...order, env: { ...order.env, ...env } }) }),
    };
  };
  const consortium = await startOwnConsortium({ make, env, ...(gateways && { gateways }) });
  return {
    ...consortium,
    pass: async (days) => {
      shift += days * 86_400_000;
      set();
      await pause(NOTICED);
    },
    stop: () => consortium.stop().finally(remove),
  };
}
