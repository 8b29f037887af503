import { type Channel, type Simulated, simulate } from './channel-simulation.ts';
import type { Costs } from './costs.ts';
import type { Line } from './fit.ts';

const ACCESSES_A_DAY = 30e6;
const AVERAGE = ACCESSES_A_DAY / 86_400;
/** The busiest minute of a working day against the day's average. */
const PEAK = 4;
/** Cores of a peer's, an orderer's machine. */
const CORES = 8;
/** A part that is busier than this queues too long when a neighbour fails. */
const COMFORT = 0.6;
/** Organisations of the network that was measured. */
const MEASURED = 4;
/** Gateways there that followed the blocks and were asked for nothing (a third party's follows none). */
const FOLLOWERS = 2;
const HOSPITALS = [10, 50, 200, 800];

interface Need extends Simulated {
  hospitals: number;
  channels: number;
  /** cores busy at the peak: a peer's, an orderer's, a hospital's chaincode process for each channel, its gateway */
  peer: number;
  orderer: number;
  chaincode: number;
  gateway: number;
  bytesAYear: number;
}

/** docs/scale.md: what a network of hospitals with so many accesses a day needs, from measured costs. */
export function scalePage(costs: Costs): string {
  const needs = HOSPITALS.map((hospitals) => needOf(costs, hospitals));
  const per = (line: Line | undefined, unit: number, digits = 2) =>
    `${((line?.perTransaction ?? 0) * unit).toFixed(digits)} | ${((line?.perEntry ?? 0) * unit).toFixed(digits)}`;
  const { processor } = costs;
  return `# What a network of hospitals needs

Made by \`npm run bench:fabric -- scale\` (${costs.date}); not to be edited by hand. A model, not a measurement: costs are fitted to ${costs.points.length} loads on a Fabric network of ${MEASURED} organisations on one machine, and put together for larger ones. How well the fit foretells a load it was not fitted to stands in [benchmarks.md](benchmarks.md), figure \`scale\`.

## Measured costs of logged reads

| | by transaction | by entry |
|---|---|---|
| processor, all ${MEASURED} peers, ms | ${per(processor.peer, 1000)} |
| processor, all ${MEASURED} orderers, ms | ${per(processor.orderer, 1000)} |
| processor, all chaincode processes (3 endorsements, 1 query), ms | ${per(processor.chaincode, 1000)} |
| processor, the gateway that is asked, ms | ${per(processor.gateway, 1000)} |
| processor, ${FOLLOWERS} gateways that follow the blocks, ms | ${per(processor.follower, 1000)} |
| blocks, bytes | ${per(costs.bytes, 1, 0)} |
| time to plaintext, ms (that machine's, processes sharing 2 cores) | ${per(costs.latency, 1)} |

## 30 million accesses a day

${AVERAGE.toFixed(0)} a second on average, ${(AVERAGE * PEAK).toFixed(0)} in the busiest minute (${PEAK} times the average), evenly over hospitals, all reads, machines of ${CORES} cores. The simulation plays every gateway's group commit against a channel whose busiest part (the peers' validation, since every peer validates every transaction) takes transactions in turn; channels are added until that part is at most ${COMFORT * 100} % busy.

| hospitals | channels | reads in a transaction | transactions/s, all channels | p50, p99 ms | a peer's cores, each channel | an orderer's cores, each channel | a chaincode process's | a gateway's | blocks, TB a year, all channels |
|---|---|---|---|---|---|---|---|---|---|
${needs.map(row).join('\n')}

Cores are those busy at the peak. A hospital runs a peer, a chaincode process and a gateway for its own channel. A peer keeps only its channel's blocks: the last column divided by the channels, and about as much again for state and index.

## When to split, and how consent crosses

${SPLIT}`;
}

const SPLIT = `- What splits a network is transactions, not reads: a gateway that is seldom asked sends its reads alone. Many small hospitals on one channel therefore cost more than few large ones. Before splitting, let small hospitals share a gateway: reads in a transaction rise, and the channel's load falls by as much.
- Split by region, along the lines that patients seldom cross. Each channel is a network of its own in the law's eyes: its own genesis document, so its own network id, and statements name it as their audience. Nothing signed for one region counts in another.
- Consent crosses by the patient, not by the ledger: the wallet holds one key pair and id per custodian anyway, and signs the same grant once for each network in which the custodian or the reader is a member. A hospital that reads across regions is a member of both and has a device in each; a read is logged in the channel of the record's custodian, which is the one that releases the key.
- Audit crosses in the index: a regulator is a member of each region and asks each gateway; entries of two regions have no order between them but their times, which are exact to a minute.
- Not built: one gateway on several channels, one question to several networks. Until then an organisation runs a gateway for each.
`;

function row(need: Need): string {
  const cells = [
    need.hospitals,
    need.channels,
    need.readsPerTransaction.toFixed(1),
    need.transactionsPerSecond.toFixed(0),
    `${need.p50.toFixed(0)}, ${need.p99.toFixed(0)}`,
    ...[need.peer, need.orderer, need.chaincode, need.gateway].map((cores) => cores.toFixed(2)),
    (need.bytesAYear / 1e12).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

function needOf(costs: Costs, hospitals: number): Need {
  const none: Line = { perTransaction: 0, perEntry: 0 };
  const peer = scaled(costs.processor.peer ?? none, 1 / MEASURED);
  const orderer = scaled(costs.processor.orderer ?? none, 1 / MEASURED);
  const follower = scaled(costs.processor.follower ?? none, 1 / FOLLOWERS);
  const latency = scaled(costs.latency, 1 / 1000);
  for (let channels = 1; ; channels += 1) {
    const channel: Channel = {
      gateways: Math.max(1, Math.round(hospitals / channels)),
      rate: (AVERAGE * PEAK) / channels,
      service: scaled(peer, 1 / CORES),
      latency,
    };
    const peak = simulate(channel, 20);
    if (peak.busy > COMFORT && channels < hospitals) continue;
    const average = simulate({ ...channel, rate: AVERAGE / channels }, 20);
    const { transactionsPerSecond: each, readsPerTransaction: reads } = peak;
    const cores = (line: Line) => each * (line.perTransaction + line.perEntry * reads);
    const perGateway = 1 / channel.gateways;
    const bytesASecond =
      average.transactionsPerSecond *
      (costs.bytes.perTransaction + costs.bytes.perEntry * average.readsPerTransaction);
    return {
      ...peak,
      ...{ hospitals, channels, transactionsPerSecond: each * channels },
      peer: cores(peer),
      orderer: cores(orderer),
      chaincode: cores(costs.processor.chaincode ?? none) * perGateway,
      gateway: cores(costs.processor.gateway ?? none) * perGateway + cores(follower),
      bytesAYear: bytesASecond * channels * 365 * 86_400,
    };
  }
}

const scaled = ({ perTransaction, perEntry }: Line, by: number): Line => ({
  perTransaction: perTransaction * by,
  perEntry: perEntry * by,
});
