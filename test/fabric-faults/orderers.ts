import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { ordererHeight } from '../../network/fabric/orderer-height.ts';
import { FabricPlan, onOneMachine } from '../../network/fabric/plan.ts';
import { type FoundedLedger, foundedFile } from '../../network/ledger-access.ts';

/** Milliseconds that orderers get to stand at one height once nothing new is sent. */
const CATCHING_UP = 15_000;

/**
 * Orderers that run but stay behind when nothing is sent. A follower of SmartBFT (Fabric 3.1.5) can hang for good when it is starved
 * of CPU: it delivers a block while its view stops, and waits for a reader that is gone (SmartBFT’s controller.decide). Only a restart helps.
 */
export async function hungOrderers(dataDir: string): Promise<string[]> {
  const { portBase } = JSON.parse(readFileSync(foundedFile(dataDir), 'utf8')) as FoundedLedger;
  const plan = new FabricPlan(dataDir, DEMO_CONSORTIUM, onOneMachine(portBase));
  for (const until = Date.now() + CATCHING_UP; ; await pause(500)) {
    const heights = await Promise.all(
      plan.nodes.map(async (node) => (await ordererHeight(plan, node)) ?? -1),
    );
    const highest = Math.max(...heights);
    const behind = plan.nodes.filter((_, at) => heights[at]! < highest);
    if (behind.length === 0 || Date.now() > until)
      return behind.map(({ member }) => `orderer-${member.label}`);
  }
}
