import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../support/chance.ts';
import type { OwnConsortium } from '../support/own-consortium.ts';
import { seed } from '../support/share.ts';
import { Chains, CommitTimes } from './chains.ts';
import { hungOrderers } from './orderers.ts';
import { type Stage, unreadable, violations } from './proofs.ts';
import { kinds, type Sent, SteadyTraffic, succeeded } from './steady-traffic.ts';
import type { Row } from './table.ts';

export interface Fault {
  what: string;
  /** makes it happen. @returns which processes it struck, and what ends it */
  happens(): Promise<{ names: string[]; heal(): Promise<unknown> }>;
  /** milliseconds until it ends */
  lasts: number;
  leaderDies?: boolean;
  /** endorsement is impossible while it lasts */
  nothingCommits?: boolean;
}

/** Milliseconds of traffic before and after. */
const BEFORE = 3_000;
const AFTER = 2_000;
/** Milliseconds until service must be back, before an operator’s watch suspects the orderers. */
const BACK = { first: 20_000, afterEach: 12_000 };

/** One consortium that is put through faults, one after the other. */
export class Drill {
  private constructor(
    readonly own: OwnConsortium,
    private readonly rows: Row[],
    private readonly stage: Stage,
    private readonly records: string[],
    private readonly speakers: Awaited<ReturnType<OwnConsortium['people']['patient']>>[],
  ) {}

  get run() {
    return this.own.run;
  }

  /** @param rows where each fault's figures are added */
  static async on(own: OwnConsortium, rows: Row[]): Promise<Drill> {
    const { people, run } = own;
    const speakers = await Promise.all([1, 2, 3, 4].map(() => people.patient()));
    const [patient] = speakers;
    const contents = new Map<string, Buffer>();
    for (let at = 0; at < 5; at += 1) {
      const content = randomBytes(10_000 * at);
      contents.set(await people.record(patient!, content), content);
    }
    await patient!.grant('LakesideMSP');
    const stage = { own, chains: new Chains(run), contents, patient: patient! };
    return new Drill(own, rows, stage, [...contents.keys()], speakers);
  }

  /** What cannot be read of all that was stored since the beginning. */
  lost(): Promise<string[]> {
    return unreadable(this.stage, 0);
  }

  /** Goes through one fault under traffic. @returns what was wrong */
  async through({ what, happens, lasts, leaderDies, nothingCommits }: Fault): Promise<string[]> {
    const chance = new Chance(seed + this.rows.length);
    const traffic = new SteadyTraffic(this.own.people, this.speakers, this.records, chance);
    const times = new CommitTimes(this.run);
    traffic.start();
    await pause(BEFORE);
    const begun = Date.now();
    const { names, heal } = await happens();
    const struck = Date.now();
    await pause(lasts);
    const healed = Date.now();
    await heal();
    const { back, watched } = await this.untilBack(traffic, healed);
    await pause(AFTER);
    const ended = Date.now();
    await traffic.stop();
    times.stop();
    const wrong = back ? [] : ['service was not back'];
    if (nothingCommits) wrong.push(...committedMeanwhile(traffic.sent, struck, healed));
    wrong.push(...(await violations(this.stage, traffic)));
    const hung = await hungOrderers(this.own.dataDir);
    for (const name of hung) await this.startAnew(name);
    const first = kinds.map(
      (kind) => traffic.firstSuccess(kind, healed)?.answered ?? Number.POSITIVE_INFINITY,
    );
    this.rows.push({
      what,
      struck: names,
      lasts,
      ...counts(traffic.sent),
      stall: times.longestPause(begun - 1_000, ended),
      unserved: Math.max(...kinds.map((kind) => longestUnserved(traffic.sent, kind, begun, ended))),
      back: Math.max(...first) - healed,
      ...(leaderDies !== undefined && { leaderDies }),
      restarted: [...watched, ...hung],
      violations: wrong.length,
    });
    process.stderr.write(`${JSON.stringify(this.rows.at(-1))}\n`);
    return [...new Set(wrong)];
  }

  /** Waits for every kind of request to succeed; when none does, orderers are started anew, one by one. */
  private async untilBack(traffic: SteadyTraffic, since: number) {
    const watched: string[] = [];
    const orderers = [...this.run.processes.keys()].filter((name) => name.startsWith('orderer-')).sort();
    let back = await traffic.flowsSince(since, BACK.first);
    for (const name of orderers) {
      if (back) break;
      await this.startAnew(name);
      watched.push(name);
      back = await traffic.flowsSince(since, BACK.afterEach);
    }
    return { back, watched };
  }

  private async startAnew(name: string): Promise<void> {
    await this.run.kill(name);
    await this.run.again(name);
  }
}

/** What was both sent and answered with success while no transaction could be endorsed. */
function committedMeanwhile(sent: Sent[], from: number, to: number): string[] {
  const during = sent.filter((one) => one.sent >= from && one.answered <= to && succeeded(one));
  return during.map(({ kind }) => `a ${kind} succeeded while endorsement was impossible`);
}

function counts(sent: Sent[]): Pick<Row, 'served' | 'refused'> {
  const refused: Record<string, number> = {};
  for (const one of sent.filter((each) => !succeeded(each))) {
    const word = one.answer ? `${one.answer.status} ${one.answer.code}` : 'no answer';
    refused[word] = (refused[word] ?? 0) + 1;
  }
  return { served: sent.filter(succeeded).length, refused };
}

/** The longest time in which a kind of request had no success. */
function longestUnserved(sent: Sent[], kind: string, from: number, to: number): number {
  const at = sent.filter((one) => one.kind === kind && succeeded(one)).map(({ answered }) => answered);
  const marks = [from, ...at.filter((one) => one > from && one < to).sort((a, b) => a - b), to];
  return Math.max(...marks.slice(1).map((mark, before) => mark - marks[before]!));
}
