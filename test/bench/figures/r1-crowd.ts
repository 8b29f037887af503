import type { Bench, Result } from '../figure.ts';
import { checkLogged } from '../logged.ts';
import type { Plot } from '../plots.ts';
import { Reader } from '../reads.ts';
import { CONTENT, patientsWithRecord, storeForPatients } from '../records.ts';
import { abba } from '../rounds.ts';
import { grantLakeside, USUAL } from '../stage.ts';

const PATIENTS = 64;
const IN_FLIGHT = 256;

/** R1: what group commit brings, throughput against load, and what it costs to read across organisations. */
export async function crowd(bench: Bench): Promise<Result[]> {
  const results: Result[] = [await across(bench)];
  for (const [id, patients] of [
    ['R1', PATIENTS],
    ['R1 one patient', 1],
  ] as const) {
    results.push(await crowdOf(bench, id, patients));
  }
  return results;
}

/** Reads of another organisation's records beside those of the own ones, all gateways grouping. */
async function across(bench: Bench): Promise<Result> {
  const stage = await bench.stage(USUAL);
  const theirs = await patientsWithRecord(stage.river, 'RiversideMSP', PATIENTS);
  await Promise.all(theirs.map(({ patient }) => grantLakeside(patient)));
  const records = theirs.map(({ record }) => record);
  const [far, near] = [stage.lake, stage.river].map((device) => new Reader(device, records, CONTENT)) as [
    Reader,
    Reader,
  ];
  try {
    const arm = (reader: Reader) => (time: number) => reader.perSecond(IN_FLIGHT, time);
    const { a, b, ratio } = await abba(arm(far), arm(near), bench.effort);
    return {
      id: 'R1 across',
      measured: `logged reads of ${CONTENT} bytes a second, ${IN_FLIGHT} in flight, of ${PATIENTS} patients whose records another organisation keeps: two gateways, a release between them`,
      beside: 'the same records read at the gateway of their custodian',
      unit: 'ratio',
      // The work of two gateways on the processors of one, and a request between them.
      goal: { atLeast: 0.4 },
      figure: ratio,
      notes: [
        `${a.value.toFixed(0)} reads/s across, ${b.value.toFixed(0)} reads/s in own custody`,
        `across: ${await checkLogged(stage, far.accesses)}`,
        `own: ${await checkLogged(stage, near.accesses)}`,
      ],
    };
  } finally {
    far.close();
    near.close();
  }
}

async function crowdOf(bench: Bench, id: string, patients: number): Promise<Result> {
  const stage = await bench.stage();
  const { river, lake } = stage;
  const together = new Reader(river, await storeForPatients(river, 'RiversideMSP', patients), CONTENT);
  const apart = new Reader(lake, await storeForPatients(lake, 'LakesideMSP', patients), CONTENT);
  try {
    const arm = (reader: Reader) => (time: number) => reader.perSecond(IN_FLIGHT, time);
    const { a, b, ratio } = await abba(arm(together), arm(apart), bench.effort);
    return {
      id,
      measured: `logged reads of ${CONTENT} bytes a second, ${IN_FLIGHT} in flight, of ${patients === 1 ? 'one patient' : `${patients} patients`}, through REST to plaintext, own custody`,
      beside:
        'the same service at another organisation of the same ledger, one transaction per read (64 in flight)',
      unit: 'ratio',
      goal: { atLeast: bench.ledger === 'fabric' ? 25 : 10 },
      figure: ratio,
      ...(patients === PATIENTS && { plots: [await againstLoad(bench, together, apart)] }),
      notes: [
        `${a.value.toFixed(0)} reads/s together, ${b.value.toFixed(0)} reads/s one transaction each`,
        `together: ${await checkLogged(stage, together.accesses)}`,
        `apart: ${await checkLogged(stage, apart.accesses)}`,
      ],
    };
  } finally {
    together.close();
    apart.close();
  }
}

async function againstLoad({ effort }: Bench, together: Reader, apart: Reader): Promise<Plot> {
  const loads = effort.quick ? [1, 64] : [1, 4, 16, 64, 256];
  const line = async (reader: Reader) => {
    const points: [number, number][] = [];
    for (const load of loads) points.push([load, await reader.perSecond(load, effort.milliseconds)]);
    return points;
  };
  return {
    name: 'throughput-against-load',
    title: 'Logged reads a second against reads in flight',
    x: { label: 'reads in flight', logarithmic: true },
    y: { label: 'reads a second' },
    series: [
      { name: 'group commit', points: await line(together) },
      { name: 'one transaction each', points: await line(apart) },
    ],
  };
}
