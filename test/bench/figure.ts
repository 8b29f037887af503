import type { LedgerKind } from '@chartkey/vocabulary';
import type { Baseline } from './baseline-ledger.ts';
import type { CountedStage } from './counted-stage.ts';
import type { Plot } from './plots.ts';
import type { Stage, StageOptions } from './stage.ts';

/** A median with its 95 % interval; all three are equal where something was counted. */
export interface Figure {
  value: number;
  low: number;
  high: number;
}

export type Goal = { atLeast: number } | { atMost: number };

export interface Result {
  /** `R1`, or `R11 upload 1 KiB` where a figure has several; its key in benchmarks.json */
  id: string;
  measured: string;
  beside: string;
  unit: string;
  goal: Goal;
  figure: Figure;
  /** what else was seen, a line each */
  notes: string[];
  plots?: Plot[];
}

export interface Effort {
  quick: boolean;
  /** sizes as far as they go, however long filling takes */
  deep: boolean;
  /** rounds of A B B A */
  rounds: number;
  /** of each block of a round */
  milliseconds: number;
}

/** What a figure is measured on. Stages and baselines live until the run ends, and are shared by figures. */
export interface Bench {
  ledger: LedgerKind;
  effort: Effort;
  /** A consortium with gateways; the same one for the same options. */
  stage(options?: StageOptions): Promise<Stage>;
  /** The same with every message counted that a chaincode sends its peer; figures share it. */
  countedStage(): Promise<CountedStage>;
  /** A ledger of the same kind with the chaincode of ./chaincode instead of ours. */
  baseline(): Promise<Baseline>;
  /** Port bases that nobody else of this run uses. */
  portBase(): number;
}

export type Measure = (bench: Bench) => Promise<Result[]>;

/** A figure that was counted, not timed. */
export const counted = (value: number): Figure => ({ value, low: value, high: value });

export function isMet({ goal, figure }: Pick<Result, 'goal' | 'figure'>): boolean {
  return 'atLeast' in goal ? figure.value >= goal.atLeast : figure.value <= goal.atMost;
}

export function sayGoal(goal: Goal): string {
  return 'atLeast' in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
}
