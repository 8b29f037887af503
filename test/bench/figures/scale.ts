import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Costs, keepCosts, measureCosts, type Point } from '../costs.ts';
import type { Bench, Result } from '../figure.ts';
import { fit } from '../fit.ts';
import { median } from '../rounds.ts';
import { scalePage } from '../scale-page.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'scale.md');

/** What reads cost by transaction and by entry, how well that foretells a load not fitted, and docs/scale.md. */
export async function scale(bench: Bench): Promise<Result[]> {
  const costs = await measureCosts(bench);
  if (!bench.effort.quick) {
    keepCosts(costs);
    // The stand-in without consensus says nothing of a network's size.
    if (bench.ledger === 'fabric') writeFileSync(PAGE, scalePage(costs));
  }
  const errors = costs.points.flatMap((point) => heldOut(costs, point));
  return [
    {
      id: 'scale',
      measured: 'how far costs fitted to the other loads miss those of each load (processor seconds, bytes)',
      beside: 'what was measured at that load',
      unit: 'share',
      goal: { atMost: 0.25 },
      figure: median(errors.map(({ error }) => Math.abs(error))),
      notes: errors.map(
        ({ inFlight, what, error }) =>
          `${inFlight} in flight: ${what} foretold ${error >= 0 ? '+' : ''}${(error * 100).toFixed(0)} %`,
      ),
    },
  ];
}

/** Fits to all points but one, and foretells that one. */
function heldOut({ points }: Costs, left: Point): { inFlight: number; what: string; error: number }[] {
  const others = points.filter((point) => point !== left);
  const processor = ({ seconds }: Point) => Object.values(seconds).reduce((sum, one) => sum + one, 0);
  const cases: [string, (point: Point) => number][] = [
    ['processor time', processor],
    ['bytes of blocks', ({ bytes }) => bytes],
  ];
  return cases.map(([what, costOf]) => {
    const line = fit(others.map((point) => ({ ...point, cost: costOf(point) })));
    const foretold = line.perTransaction * left.transactions + line.perEntry * left.entries;
    return { inFlight: left.inFlight, what, error: foretold / costOf(left) - 1 };
  });
}
