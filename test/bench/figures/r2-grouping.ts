import { type Bench, counted, type Result } from '../figure.ts';
import { checkLogged, logged } from '../logged.ts';
import { Reader } from '../reads.ts';
import { CONTENT, storeRecords } from '../records.ts';

const GOALS = [
  { inFlight: 1, goal: 1000 },
  { inFlight: 64, goal: 40 },
  { inFlight: 256, goal: 20 },
];

/** R2: how many transactions a thousand reads take, counted in the blocks. */
export async function grouping(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage();
  const reader = new Reader(stage.river, await storeRecords(stage), CONTENT);
  const results: Result[] = [];
  try {
    for (const { inFlight, goal } of GOALS) {
      const before = { transactions: (await logged(stage)).transactions, reads: reader.accesses.size };
      await reader.perSecond(inFlight, bench.effort.milliseconds * 2);
      const checked = await checkLogged(stage, reader.accesses);
      const reads = reader.accesses.size - before.reads;
      const transactions = (await logged(stage)).transactions - before.transactions;
      results.push({
        id: inFlight === 1 ? 'R2 alone' : `R2 at ${inFlight}`,
        measured: `transactions per 1,000 logged reads, ${inFlight} in flight`,
        beside: '1,000',
        unit: 'transactions',
        goal: { atMost: goal },
        figure: counted((transactions / reads) * 1000),
        notes: [`${reads} reads in ${transactions} transactions; ${checked}`],
      });
    }
    return results;
  } finally {
    reader.close();
  }
}
