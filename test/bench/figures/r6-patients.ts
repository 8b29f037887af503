import type { CountedStage } from '../counted-stage.ts';
import { oneByOne } from '../crowd.ts';
import type { Bench, Result } from '../figure.ts';
import { LedgerDevice } from '../ledger-device.ts';
import { enrolPatients, padPatients } from '../many-patients.ts';
import { storeRecords } from '../records.ts';
import { sayLatency } from '../rounds.ts';
import type { ShimCount } from '../shim-relay.ts';
import { identical, manyGrants, sayCounts } from './r6-grants.ts';

/** Milliseconds for which patients are enrolled where the state cannot be filled otherwise. */
const ENROLLING = { quick: 3_000, full: 30_000 };

/** R6: deciding an access while grants and patients grow. */
export async function growth(bench: Bench): Promise<Result[]> {
  return [await manyGrants(bench), await manyPatients(bench)];
}

/** R6, the patients: what deciding an access costs when the ledger knows many patients. */
async function manyPatients(bench: Bench): Promise<Result> {
  const { effort, ledger } = bench;
  const stage = await bench.countedStage();
  const [first] = await storeRecords(stage);
  const sizes: string[] = [];
  const counts: ShimCount[] = [];
  const latencies: string[] = [];
  const look = async (patients: string, record: string) => {
    const lake = new LedgerDevice(stage, stage.lake);
    try {
      counts.push(stage.countOf((await lake.ask([record])).transaction));
      const times = await oneByOne(effort.milliseconds, () => lake.ask([record]));
      sizes.push(`${patients} patients`);
      latencies.push(`${patients} patients: submit ${sayLatency(times)}`);
    } finally {
      lake.close();
    }
  };
  await look('few', first!);
  if (ledger === 'embedded') {
    let padded = 0;
    for (const many of effort.quick ? [1e3, 1e4] : [1e3, 1e4, 1e5, ...(effort.deep ? [1e6] : [])]) {
      const record = await padPatients(stage, many - padded);
      padded = many;
      await look(String(many), record);
    }
  } else {
    const enrolled = await enrolFor(stage, effort.quick ? ENROLLING.quick : ENROLLING.full);
    await look(`${enrolled} more`, first!);
  }
  const how =
    ledger === 'embedded'
      ? 'the patients but the first few were written straight into the embedded ledger’s state while it was stopped, each with a record and grants; one of theirs is read'
      : 'as many as could be enrolled in the time; more cannot be written into a peer’s state from outside';
  return {
    ...identical('patients', counts),
    measured:
      'messages of the chaincode to its peer to authorise one access while the ledger knows more patients: the most beside the fewest',
    notes: [sayCounts(sizes, counts), ...latencies, how],
  };
}

async function enrolFor(stage: CountedStage, milliseconds: number): Promise<number> {
  const river = new LedgerDevice(stage, stage.river);
  return enrolPatients(stage, river, milliseconds).finally(() => river.close());
}
