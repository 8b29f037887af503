import { join } from 'node:path';
import type { Device } from '@chartkey/client';
import { startProgram } from './baselines/run.ts';
import { bearerOf } from './reads.ts';
import { percentile } from './rounds.ts';
import type { Stage } from './stage.ts';

/** Milliseconds between two looks at whether the token is about to expire. */
const RENEW = 5_000;

/** What load a process of its own is to make. */
export interface Order {
  /** full URLs, read in turn */
  urls: string[];
  token: string;
  /** of each, bytes */
  length: number;
  milliseconds: number;
  /** arrivals a second, whether or not earlier ones are done; or so many that each ask again when answered */
  load: { rate: number } | { inFlight: number };
}

/** One second of a load. */
export interface Second {
  admitted: number;
  refused: number;
  /** of the admitted, milliseconds; NaN when there were none */
  p95: number;
}

/** What became of a load. Latencies are milliseconds from when each was due. */
export interface Report {
  /** seconds until the last answer was there */
  elapsed: number;
  admitted: number[];
  refused: number[];
  /** refusals that say when to try again */
  saidWhen: number;
  /** what was neither, by what it was */
  failed: Record<string, number>;
  /** of requests that were sent later than they were due, because the sender itself was late: p95, milliseconds */
  late: number;
  seconds: Second[];
  /** when each admitted read was due, in their order: milliseconds since the first one */
  due: number[];
  /** of everything that handed content out */
  accesses: string[];
}

/** A process that plays many clients, so that making load and measuring it do not wait for each other. */
export class Load {
  private readonly device: Device;
  private bearer: () => Promise<string>;
  private readonly records: readonly string[];
  private readonly length: number;
  readonly accesses = new Set<string>();
  private readonly service: Awaited<ReturnType<typeof startProgram>>;

  private constructor(
    device: Device,
    records: readonly string[],
    length: number,
    service: Awaited<ReturnType<typeof startProgram>>,
  ) {
    this.device = device;
    this.bearer = bearerOf(device);
    this.records = records;
    this.length = length;
    this.service = service;
  }

  /** @param records read in turn, of one length each */
  static async of(stage: Stage, device: Device, records: readonly string[], length: number): Promise<Load> {
    const service = await startProgram('load-service', {}, join(stage.run.dataDir, 'logs'));
    return new Load(device, records, length, service);
  }

  async make(load: Order['load'], milliseconds: number): Promise<Report> {
    const urls = this.records.map((record) => `${this.device.gateway.url}/v1/records/${record}/content`);
    const order: Order = { urls, token: await this.bearer(), length: this.length, milliseconds, load };
    // An overloaded gateway may refuse a token; the old one is good for another while.
    const renewing = setInterval(() => void this.renew().catch(() => undefined), RENEW);
    const answer = await fetch(this.service.url, { method: 'POST', body: JSON.stringify(order) });
    const report = (await answer.json()) as Report;
    clearInterval(renewing);
    for (const access of report.accesses) this.accesses.add(access);
    return report;
  }

  /** Reads as somebody who has just fetched a token: a gateway that was started again knows no earlier one. */
  async fetchToken(): Promise<void> {
    this.bearer = bearerOf(this.device);
    await this.renew();
  }

  private async renew(): Promise<void> {
    await fetch(this.service.url, { method: 'PUT', body: await this.bearer() });
  }

  stop(): Promise<void> {
    return this.service.stop();
  }
}

export const p95 = (latencies: readonly number[]) => percentile(latencies, 0.95);
