import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, counted, type Result } from '../figure.ts';
import { Load, type Report } from '../load.ts';
import { checkLogged } from '../logged.ts';
import type { Plot } from '../plots.ts';
import { CONTENT, storeRecords } from '../records.ts';

const GATEWAY = 'RiversideMSP';
/** Of a point of the plot, milliseconds. */
const BUCKET = 250;

interface Fault {
  what: string;
  /** name of the process that is killed and started again */
  victim: string;
}

/** What died when, milliseconds since the first read was due. */
interface Death {
  what: string;
  at: number;
}

/** How long nobody reads after something died: reads arrive all the while, and each is looked up on the ledger. */
export async function faults(bench: Bench): Promise<Result[]> {
  const { effort, ledger } = bench;
  const stage = await bench.stage();
  const load = await Load.of(stage, stage.river, await storeRecords(stage, 16), CONTENT);
  const apart = effort.quick ? 4_000 : 15_000;
  try {
    const full = await load.make({ inFlight: 64 }, effort.milliseconds * 2);
    const rate = full.admitted.length / full.elapsed / 3;
    const all = ledger === 'fabric' ? onFabric : onEmbedded;
    const made = load.make({ rate }, (all.length + 1) * apart);
    const began = performance.now();
    const deaths: Death[] = [];
    for (const { what, victim } of all) {
      await pause(Math.max(0, began + (deaths.length + 1) * apart - performance.now()));
      deaths.push({ what, at: performance.now() - began });
      await stage.run.kill(victim);
      await stage.run.again(victim);
      if (victim === GATEWAY) await load.fetchToken();
    }
    const report = await made;
    const checked = await checkLogged(stage, load.accesses);
    const results = deaths.map(
      (death, at): Result => ({
        id: `Fault ${death.what}`,
        measured: `seconds from killing ${death.what}, which is started again at once, until a read that was asked for since is answered`,
        ...{ beside: '', unit: 's', goal: { atMost: 5 }, figure: counted(secondsUntilRead(report, death)) },
        notes: at === 0 ? [`${rate.toFixed(0)} reads/s arriving (open loop); ${checked}`] : [],
      }),
    );
    results.at(-1)!.plots = [plotOf(report, deaths)];
    return results;
  } finally {
    await load.stop();
  }
}

const onEmbedded: Fault[] = [
  { what: 'the chaincode', victim: 'chaincode' },
  { what: 'the gateway', victim: GATEWAY },
  { what: 'the ledger', victim: 'ledger' },
];

const onFabric: Fault[] = [
  // The first of the consenters leads until it fails (test/fabric-faults/leader.ts), and here it has not yet.
  { what: 'the leading orderer', victim: 'orderer-riverside' },
  { what: 'the own peer', victim: 'peer-riverside' },
  { what: 'the own chaincode', victim: 'chaincode-riverside' },
];

function secondsUntilRead({ due, admitted }: Report, { at }: Death): number {
  const answers = due.flatMap((when, read) => (when >= at ? [when + admitted[read]!] : []));
  return (answers.reduce((first, answer) => Math.min(first, answer), Number.POSITIVE_INFINITY) - at) / 1000;
}

function plotOf({ due, admitted }: Report, deaths: readonly Death[]): Plot {
  const answered = due.map((when, read) => when + admitted[read]!);
  const last = answered.reduce((latest, answer) => Math.max(latest, answer), 0);
  const counts = Array.from({ length: Math.ceil(last / BUCKET) + 1 }, () => 0);
  for (const answer of answered) counts[Math.floor(answer / BUCKET)]! += 1;
  const told = deaths.map(({ what, at }) => `${what} at ${(at / 1000).toFixed(0)} s`);
  return {
    name: 'faults',
    title: `Reads answered while ${told.join(', ')} are killed`,
    x: { label: 'seconds' },
    y: { label: 'reads a second' },
    series: [
      {
        name: 'answered',
        points: counts.map((many, at) => [(at * BUCKET) / 1000, (many / BUCKET) * 1000] as const),
      },
    ],
  };
}
