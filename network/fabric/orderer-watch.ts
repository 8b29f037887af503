import { ordererHeight } from './orderer-height.ts';
import type { CareNode, FabricPlan } from './plan.ts';

/** Looks in a row at which an orderer stood still behind another, before it counts as hung. */
const LOOKS = 4;

/**
 * Finds orderers that hang: SmartBFT of Fabric 3.1.5 can wait for ever, while its process runs and answers
 * (docs/faults.md). One that stands behind another's height, or does not answer, and does not move, hangs.
 */
export class OrdererWatch {
  private readonly seen = new Map<CareNode, { height: number; looks: number }>();

  constructor(private readonly plan: FabricPlan) {}

  /** @returns the orderer to start anew: one at a time, since the network bears one that is away */
  async look(): Promise<CareNode | undefined> {
    const { nodes } = this.plan;
    const heights = await Promise.all(
      nodes.map(async (node) => (await ordererHeight(this.plan, node)) ?? -1),
    );
    const highest = Math.max(...heights);
    for (const [at, node] of nodes.entries()) {
      const height = heights[at]!;
      const before = this.seen.get(node);
      const stands = height < highest && before?.height === height;
      this.seen.set(node, { height, looks: stands ? before.looks + 1 : 0 });
    }
    const hung = nodes.find((node) => this.seen.get(node)!.looks >= LOOKS);
    if (hung) this.seen.delete(hung);
    return hung;
  }
}
