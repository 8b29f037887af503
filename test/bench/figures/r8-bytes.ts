import type { Device } from '@chartkey/client';
import { type Bench, counted, type Result } from '../figure.ts';
import { checkLogged, logged } from '../logged.ts';
import { Reader } from '../reads.ts';
import { CONTENT, storeForPatients, storeRecords } from '../records.ts';
import { chainBytesOf, type Stage } from '../stage.ts';

const IN_FLIGHT = 256;

/** R8: what a logged read takes of the chain, blocks and all, counted in the files that keep it. */
export async function bytes(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage();
  const { river, lake } = stage;
  const apart = await perRead(bench, stage, lake, await storeForPatients(lake, 'LakesideMSP', 1));
  const several = await storeForPatients(river, 'RiversideMSP', 64);
  const cases = [
    { id: 'R8 64 patients', whose: '64 patients', goal: 600, records: several },
    { id: 'R8 one patient', whose: 'one patient', goal: 300, records: await storeRecords(stage, 64) },
  ];
  const results: Result[] = [];
  for (const { id, whose, goal, records } of cases) {
    const { bytes: size, note } = await perRead(bench, stage, river, records);
    results.push({
      id,
      measured: `bytes of blocks per logged read, ${IN_FLIGHT} in flight, records of ${whose}`,
      beside: `one transaction per read: ${apart.bytes.toFixed(0)} bytes`,
      ...{ unit: 'bytes', goal: { atMost: goal }, figure: counted(size), notes: [note] },
    });
  }
  return results;
}

async function perRead({ effort }: Bench, stage: Stage, device: Device, records: string[]) {
  const reader = new Reader(device, records, CONTENT);
  try {
    // The session is in the chain before it is counted.
    await reader.read();
    const [from, transactions] = [chainBytesOf(stage), (await logged(stage)).transactions];
    await reader.perSecond(IN_FLIGHT, effort.milliseconds * 2);
    const reads = reader.accesses.size - 1;
    const checked = await checkLogged(stage, reader.accesses);
    const took = (await logged(stage)).transactions - transactions;
    const note = `${(reads / took).toFixed(1)} reads a transaction; ${checked}`;
    return { bytes: (chainBytesOf(stage) - from) / reads, note };
  } finally {
    reader.close();
  }
}
