import { deviceProof, importSigner, makeKeys, randomId } from '@chartkey/client';
import { type Bench, counted, type Result } from '../figure.ts';
import { Load, p95, type Report } from '../load.ts';
import { checkLogged } from '../logged.ts';
import { CONTENT, storeRecords } from '../records.ts';
import { median, sayLatency } from '../rounds.ts';
import { residentOf, type Stage, USUAL } from '../stage.ts';

const GATEWAY = 'RiversideMSP';
const IN_FLIGHT = 256;
/** Reads a second of somebody modest. */
const MODEST = 20;

/** What happens when more is asked than can be done, and who suffers. */
export async function overload(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage(USUAL);
  const records = await storeRecords(stage, 64);
  const of = (device: Stage['river']) => Load.of(stage, device, records, CONTENT);
  const [load, neighbour, elsewhere] = [
    await of(stage.river),
    await of(await another(stage)),
    await of(stage.lake),
  ];
  try {
    const { results, capacity } = await twiceCapacity(bench, stage, load);
    const greedy = { load, rate: capacity * 2 };
    const atTheSame = await beside(bench, stage, {
      ...{ id: 'Overload neighbour', greedy, modest: neighbour },
      who: 'of a modest device at the same gateway',
    });
    const atItsOwn = await beside(bench, stage, {
      ...{ id: 'Overload other organisation', greedy, modest: elsewhere },
      who: 'of another organisation at its own gateway, released by the busy one',
    });
    return [...results, atTheSame, atItsOwn];
  } finally {
    for (const one of [load, neighbour, elsewhere]) await one.stop();
  }
}

async function twiceCapacity({ effort }: Bench, stage: Stage, load: Load) {
  const [short, long] = effort.quick ? [3_000, 10_000] : [20_000, 300_000];
  await load.make({ inFlight: IN_FLIGHT }, short / 2);
  const full = await load.make({ inFlight: IN_FLIGHT }, short);
  const capacity = full.admitted.length / full.elapsed;
  const usual = { rate: capacity / 3 };
  const before = await load.make(usual, short);
  const memory = [residentOf(stage.run, GATEWAY)];
  const watch = setInterval(() => memory.push(residentOf(stage.run, GATEWAY)), 100);
  const during = await load.make({ rate: capacity * 2 }, long).finally(() => clearInterval(watch));
  const after = await load.make(usual, effort.quick ? 3_000 : 15_000);
  for (const [name, report] of Object.entries({ full, before, during, after })) check(name, report);
  const grown = (Math.max(...memory) - memory[0]!) / 2 ** 20;
  const normal = median(before.seconds.map((second) => second.p95)).value * 1.2;
  const back = after.seconds.findIndex((second) => second.p95 <= normal) + 1;
  const offered = `${(capacity * 2).toFixed(0)} reads/s offered, ${capacity.toFixed(0)} reads/s is capacity`;
  const about = { notes: [] as string[] };
  const results: Result[] = [
    {
      ...{ ...about, id: 'Overload admitted', unit: 'ratio', goal: { atMost: 2 } },
      measured: `p95 of admitted reads at twice capacity for ${long / 1000} s (open loop)`,
      beside: `p95 at capacity, ${IN_FLIGHT} in flight`,
      figure: counted(p95(during.admitted) / p95(full.admitted)),
      notes: [
        offered,
        `at capacity ${sayLatency(full.admitted)}; at twice that ${sayLatency(during.admitted)}, ${perSecond(during.admitted, during)} reads/s admitted, ${perSecond(during.refused, during)} refused; the sender was ${during.late.toFixed(1)} ms late (p95)`,
        await checkLogged(stage, load.accesses),
      ],
    },
    {
      ...{ ...about, id: 'Overload refused', unit: 'ms', goal: { atMost: 50 }, beside: '' },
      measured: 'p95 until a refusal (503 with Retry-After) is there',
      figure: counted(p95(during.refused)),
      notes: [
        `${during.refused.length} refusals, ${during.saidWhen} with Retry-After; ${sayLatency(during.refused)}`,
      ],
    },
    {
      ...{ ...about, id: 'Overload memory', unit: 'MiB', goal: { atMost: 256 }, beside: 'before' },
      measured: 'growth of the gateway’s resident memory meanwhile',
      figure: counted(grown),
    },
    {
      ...{ ...about, id: 'Overload afterwards', unit: 's', goal: { atMost: 10 }, beside: '' },
      measured: 'until the p95 of a second is within 1.2x of what it was before, at a third of capacity',
      figure: counted(back === 0 ? Number.POSITIVE_INFINITY : back),
      notes: [`before ${sayLatency(before.admitted)}, after ${sayLatency(after.admitted)}`],
    },
  ];
  return { results, capacity };
}

interface Beside {
  id: string;
  who: string;
  greedy: { load: Load; rate: number };
  modest: Load;
}

async function beside({ effort }: Bench, stage: Stage, { id, who, greedy, modest }: Beside): Promise<Result> {
  const time = effort.quick ? 3_000 : 20_000;
  const alone = await modest.make({ rate: MODEST }, time);
  const [crowd, among] = await Promise.all([
    greedy.load.make({ rate: greedy.rate }, time),
    modest.make({ rate: MODEST }, time),
  ]);
  check(`${id} alone`, alone);
  return {
    id,
    measured: `p95 of reads ${who} while one device asks for twice what the busy gateway can do`,
    beside: `its own p95 without that, ${MODEST} reads/s`,
    ...{ unit: 'ratio', goal: { atMost: 2 } },
    figure: counted(p95(among.admitted) / p95(alone.admitted)),
    notes: [
      `alone ${sayLatency(alone.admitted)}; then ${sayLatency(among.admitted)}, ${among.refused.length} refused, ${JSON.stringify(among.failed)} failed; the greedy device ${perSecond(crowd.admitted, crowd)} reads/s, ${sayLatency(crowd.admitted)}, ${crowd.refused.length} refused`,
      await checkLogged(stage, modest.accesses),
    ],
  };
}

/** Another device of the same organisation. */
async function another({ run, river }: Stage): Promise<Stage['river']> {
  const { id: organisation, masterKey } = run.founding.credentials.organisations.find(
    ({ id }) => id === GATEWAY,
  )!;
  const [keys, { network }] = [await makeKeys(), river.gateway];
  const proof = await deviceProof({ network, organisation, keys, use: 'workstation' });
  await river.gateway.masterKey(await importSigner(masterKey), { session: river }).approve(proof);
  return river.gateway.device(keys.sig, { practitioner: randomId(), role: 'physician', purposes: ['TREAT'] });
}

/** Nothing but content and refusals. */
function check(name: string, { failed }: Report): void {
  if (Object.keys(failed).length > 0) throw new Error(`${name}: reads failed: ${JSON.stringify(failed)}`);
}

const perSecond = (all: readonly unknown[], { elapsed }: Report) => (all.length / elapsed).toFixed(0);
