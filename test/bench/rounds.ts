import type { Figure } from './figure.ts';

/** The median, and the interval that holds it with 95 % confidence (order statistics, binomial). */
export function median(samples: readonly number[]): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  const spread = 0.98 * Math.sqrt(n);
  const at = (position: number) => sorted[Math.min(n - 1, Math.max(0, Math.round(position)))]!;
  return {
    value: n % 2 === 1 ? at((n - 1) / 2) : (at(n / 2 - 1) + at(n / 2)) / 2,
    low: at((n - 1) / 2 - spread),
    high: at((n - 1) / 2 + spread),
  };
}

export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** p50, p95 and p99 of milliseconds, as a note says them. */
export function sayLatency(samples: readonly number[]): string {
  const at = (share: number) => percentile(samples, share).toFixed(1);
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)} ms`;
}

/** Runs an arm for so many milliseconds and answers its figure for that time. */
export type Arm = (milliseconds: number) => Promise<number>;

/** Rounds of A B B A, both arms alive: the figure of each arm, and of their ratio (A to B) by round. */
export async function abba(
  a: Arm,
  b: Arm,
  { rounds, milliseconds }: { rounds: number; milliseconds: number },
): Promise<{ a: Figure; b: Figure; ratio: Figure }> {
  const as: number[] = [];
  const bs: number[] = [];
  const ratios: number[] = [];
  await a(milliseconds);
  await b(milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    const [a1, b1] = [await a(milliseconds), await b(milliseconds)];
    const [b2, a2] = [await b(milliseconds), await a(milliseconds)];
    as.push(a1, a2);
    bs.push(b1, b2);
    ratios.push((a1 + a2) / (b1 + b2));
    process.stderr.write(
      `  round ${round + 1} of ${rounds}: ${((a1 + a2) / 2).toFixed(2)} beside ${((b1 + b2) / 2).toFixed(2)}\n`,
    );
  }
  return { a: median(as), b: median(bs), ratio: median(ratios) };
}
