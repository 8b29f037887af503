import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Patient } from '@chartkey/client';
import { times } from './crowd.ts';
import { ITEMS, type LedgerDevice } from './ledger-device.ts';
import type { Stage } from './stage.ts';

const IN_FLIGHT = 8;
/** Organisations whose gateways keep an index. */
const INDEXES = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP'];

/**
 * Fills a patient's log with granted reads, sent to the ledger in full transactions.
 * @param until when to stop (by performance.now) though there are fewer
 * @returns how many there are, and the last block among theirs
 */
export async function fillLog(
  device: LedgerDevice,
  record: string,
  many: number,
  until: number,
): Promise<{ entries: number; block: number }> {
  const filled = { entries: 0, block: 0 };
  await times(Math.ceil(many / ITEMS), IN_FLIGHT, async (at) => {
    if (performance.now() > until) return;
    const items = Math.min(ITEMS, many - at * ITEMS);
    const { block } = await device.ask(Array.from({ length: items }, () => record));
    filled.entries += items;
    filled.block = Math.max(filled.block, block);
  });
  return filled;
}

/** Waits until every gateway with an index shows the patient an access of a block, or a later one. */
export async function indexed({ run }: Stage, patient: Patient, block: number): Promise<void> {
  const { organisations } = run.founding.credentials;
  for (const { url } of organisations.filter(({ id }) => INDEXES.includes(id))) {
    const there = (await connect(url, { network: run.founding.network })).patient(patient.keys);
    for (;;) {
      const [newest] = await there.accesses().first(1);
      if (newest && newest.block >= block) break;
      await pause(100);
    }
  }
}
