import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The stages of a read or write that are worth watching one by one. */
export type Stage = 'endorse' | 'order' | 'commit' | 'release' | 'queue';

/** Where every room of the gateway says how long something took; times are in seconds. */
export interface Metrics {
  registry: Registry;
  /** one request, by its route's template and never its URL */
  request(route: string, method: string, status: number, seconds: number): void;
  stage(stage: Stage, seconds: number): void;
  /** Starts a clock for a stage; the function it answers stops it. */
  clock(stage: Stage): () => void;
  /** Shows how many accesses were taken, how many of them sent again, and in how many transactions. */
  group(counts: { items: number; resubmitted: number; transactions: number }): void;
  /** whether an organisation's peer runs the approved chaincode; undefined when it could not be learned */
  chaincode(organisation: string, asApproved: boolean | undefined): void;
}

const groupCounts = [
  ['items', 'Accesses that the ledger was asked for'],
  ['resubmitted', 'Accesses sent again after their transaction conflicted or was refused whole'],
  ['transactions', 'Transactions in which accesses were sent'],
] as const;

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * A registry of its own for one gateway.
 * @param options.process also memory, event loop and garbage collection of this process
 */
export function makeMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'chartkey_http_request_seconds',
    help: 'Time from a request’s headers to the end of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets,
    registers: [registry],
  });
  const stages = new Histogram({
    name: 'chartkey_stage_seconds',
    help: 'Time spent in one stage of a read or write',
    labelNames: ['stage'],
    buckets,
    registers: [registry],
  });
  const chaincodes = new Gauge({
    name: 'chartkey_chaincode_as_approved',
    help: '1 where the chaincode of an organisation says it is the approved one, 0 where not; absent when unknown',
    labelNames: ['organisation'],
    registers: [registry],
  });
  return {
    registry,
    request: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    stage: (stage, seconds) => stages.observe({ stage }, seconds),
    group(counts) {
      for (const [what, help] of groupCounts) {
        const collect = function (this: Counter) {
          this.reset();
          this.inc(counts[what]);
        };
        new Counter({ name: `chartkey_access_${what}_total`, help, registers: [registry], collect });
      }
    },
    chaincode: (organisation, asApproved) =>
      asApproved === undefined
        ? chaincodes.remove({ organisation })
        : chaincodes.set({ organisation }, asApproved ? 1 : 0),
    clock: (stage) => {
      const start = process.hrtime.bigint();
      return () => stages.observe({ stage }, Number(process.hrtime.bigint() - start) / 1e9);
    },
  };
}
