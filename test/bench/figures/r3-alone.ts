import { oneByOne } from '../crowd.ts';
import type { Bench, Result } from '../figure.ts';
import { checkLogged } from '../logged.ts';
import { openLoop } from '../open-loop.ts';
import { persistently } from '../raw-client.ts';
import { Reader } from '../reads.ts';
import { CONTENT, storeRecords } from '../records.ts';
import { abba, median, percentile, sayLatency } from '../rounds.ts';

/** R3: what one read costs in time, when nobody else reads, and at half of what the service can do. */
export async function alone(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage();
  const client = (await bench.baseline()).connect('RiversideMSP');
  const reader = new Reader(stage.river, await storeRecords(stage), CONTENT);
  const submit = () => persistently(client.contract, 'nothing:pass');
  const [idle, submits, busy]: [number[], number[], number[]] = [[], [], []];
  const timed = (all: number[], times: number[]) => {
    all.push(...times);
    return median(times).value;
  };
  const beside = 'fabric-gateway with its stock signer submitting to a chaincode that does nothing, alone';
  try {
    const raw = async (time: number) => timed(submits, await oneByOne(time, submit));
    const atRest = await abba(async (time) => timed(idle, await reader.alone(time)), raw, bench.effort);
    const capacity = await reader.perSecond(256, bench.effort.milliseconds);
    const half = async (time: number) => {
      await reader.refresh();
      const { latencies, failed } = await openLoop(capacity / 2, time, () => reader.read());
      if (failed > 0) throw new Error(`${failed} reads failed at half load`);
      return timed(busy, latencies);
    };
    const loaded = await abba(half, raw, bench.effort);
    const checked = await checkLogged(stage, reader.accesses);
    const spread = percentile(idle, 0.99) / percentile(idle, 0.5);
    return [
      {
        id: 'R3 idle',
        measured: `p50 of a logged read of ${CONTENT} bytes through REST, own custody, to the last plaintext byte, one at a time`,
        beside,
        unit: 'ratio',
        goal: { atMost: 1.0 },
        figure: atRest.ratio,
        notes: [`reads ${sayLatency(idle)}; raw submits ${sayLatency(submits)}; ${checked}`],
      },
      {
        id: 'R3 half load',
        measured: 'the same, arriving (open loop) at half of what the service can do',
        beside,
        unit: 'ratio',
        goal: { atMost: 1.5 },
        figure: loaded.ratio,
        notes: [`${(capacity / 2).toFixed(0)} reads/s: ${sayLatency(busy)}`],
      },
      {
        id: 'R3 spread',
        measured: 'p99 of such reads, one at a time',
        beside: 'their p50',
        unit: 'ratio',
        goal: { atMost: 3 },
        figure: { value: spread, low: spread, high: spread },
        notes: [`raw submits: ${(percentile(submits, 0.99) / percentile(submits, 0.5)).toFixed(2)}`],
      },
    ];
  } finally {
    reader.close();
    client.close();
  }
}
