import { careMembers, DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { FabricUnderneath } from '../../network/fabric/fabric-underneath.ts';
import { findPrograms, type Programs } from '../../network/fabric/programs.ts';
import { startOwnConsortium } from '../support/own-consortium.ts';
import { behindRelay, Relays } from './cut.ts';
import { Drill, type Fault } from './drill.ts';
import { leader } from './leader.ts';
import { printed, type Row, write } from './table.ts';

const DEAD = 8_000;
const PAUSED = 20_000;
const rows: Row[] = [];
let programs: Programs;
let drill: Drill;

beforeAll(async () => {
  programs = await findPrograms();
});
afterAll(() => {
  console.log(printed(rows));
  if (process.env['WRITE'] === '1') write(rows, programs.version);
});

const leading = async () => [`orderer-${(await leader(drill.run)).label}`];
const following = async () => {
  const { label } = await leader(drill.run);
  return [`orderer-${careMembers(DEMO_CONSORTIUM).find((one) => one.label !== label)!.label}`];
};

/** kill -9, and after a while the start that a service manager makes. */
function killed(which: () => Promise<string[]>): Fault['happens'] {
  return async () => {
    const names = await which();
    await Promise.all(names.map((name) => drill.run.kill(name)));
    return { names, heal: () => Promise.all(names.map((name) => drill.run.again(name))) };
  };
}

/** SIGSTOP: connections stay open and nothing answers; then SIGCONT. */
function paused(which: () => Promise<string[]>): Fault['happens'] {
  return async () => {
    const names = await which();
    const signal = (kind: NodeJS.Signals) =>
      names.map((one) => drill.run.processes.get(one)!.child.kill(kind));
    signal('SIGSTOP');
    return { names, heal: async () => signal('SIGCONT') };
  };
}

const all = async () => [...drill.run.processes.keys()];
const named =
  (...names: string[]) =>
  async () =>
    names;

const faults: Fault[] = [
  { what: 'the leading orderer is killed', happens: killed(leading), lasts: DEAD, leaderDies: true },
  { what: 'a following orderer is killed', happens: killed(following), lasts: DEAD },
  {
    what: 'two other organisations’ peers are killed',
    happens: killed(named('peer-hilltop', 'peer-regulator')),
    lasts: DEAD,
    nothingCommits: true,
  },
  { what: 'our own peer is killed', happens: killed(named('peer-riverside')), lasts: DEAD },
  { what: 'our own chaincode is killed', happens: killed(named('chaincode-riverside')), lasts: DEAD },
  {
    what: 'another organisation’s chaincode is killed',
    happens: killed(named('chaincode-hilltop')),
    lasts: DEAD,
  },
  { what: 'the leading orderer is paused', happens: paused(leading), lasts: PAUSED },
  { what: 'a following orderer is paused', happens: paused(following), lasts: PAUSED },
  { what: 'our own peer is paused', happens: paused(named('peer-riverside')), lasts: PAUSED },
  { what: 'another organisation’s peer is paused', happens: paused(named('peer-hilltop')), lasts: PAUSED },
  { what: 'our own chaincode is paused', happens: paused(named('chaincode-riverside')), lasts: PAUSED },
  { what: 'everything is killed at once', happens: killed(all), lasts: 0 },
];

const title =
  '$what: nothing acknowledged is lost, nothing is released unlogged, nothing refused comes about, and service is back by itself';

/** One network goes through faults, one after the other. */
function throughAll(faults: Fault[]): void {
  test.each(faults)(title, async (fault) => expect(await drill.through(fault)).toEqual([]), 300_000);

  test('in the end everything that was ever stored is read back', async () => {
    expect(await drill.lost()).toEqual([]);
  }, 120_000);
}

describe('killed and paused', () => {
  beforeAll(async () => {
    const fabric = async (folder: string, base: number) => new FabricUnderneath(folder, base, programs);
    drill = await Drill.on(await startOwnConsortium({ make: fabric }), rows);
  }, 180_000);
  afterAll(() => drill?.own.stop());

  throughAll(faults);
});

describe('cut off', () => {
  let relays: Relays;
  const cut = (label: string) => async () => {
    relays.begin(drill.run, label);
    return { names: [`orderer-${label}`, `peer-${label}`], heal: async () => relays.end() };
  };

  beforeAll(async () => {
    const fabric = async (folder: string, base: number) => {
      relays = await Relays.open(folder, base);
      return new FabricUnderneath(folder, base, programs, { listensAt: behindRelay });
    };
    drill = await Drill.on(await startOwnConsortium({ make: fabric }), rows);
  }, 180_000);
  afterAll(async () => {
    await drill?.own.stop();
    relays.close();
  });

  throughAll([
    { what: 'our own orderer and peer are cut off', happens: cut('riverside'), lasts: PAUSED },
    { what: 'another organisation’s are cut off', happens: cut('hilltop'), lasts: PAUSED },
  ]);
});
