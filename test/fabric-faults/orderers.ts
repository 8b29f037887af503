import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { type CareNode, FabricPlan, onOneMachine } from '../../network/fabric/plan.ts';
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
    const heights = await Promise.all(plan.nodes.map((node) => heightOf(plan, node)));
    const highest = Math.max(...heights);
    const behind = plan.nodes.filter((_, at) => heights[at]! < highest);
    if (behind.length === 0 || Date.now() > until)
      return behind.map(({ member }) => `orderer-${member.label}`);
  }
}

/** Asks what `osnadmin channel list` asks. @returns -1 when there is no answer */
function heightOf(plan: FabricPlan, { member, ports }: CareNode): Promise<number> {
  const [ca, cert, key] = ['ca.crt', 'server.crt', 'server.key'].map((leaf) =>
    readFileSync(join(plan.ordererFolder(member), 'tls', leaf)),
  );
  const path = `/participation/v1/channels/${DEMO_CONSORTIUM.channel}`;
  return new Promise((resolve) => {
    const unknown = () => resolve(-1);
    const at = {
      host: '127.0.0.1',
      port: ports.ordererAdmin,
      path,
      ca,
      cert,
      key,
      agent: false,
      timeout: 2_000,
    };
    const asked = request(at, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(Number((JSON.parse(text) as { height?: number }).height ?? -1));
    });
    asked.on('error', unknown).on('timeout', () => asked.destroy());
    asked.end();
  });
}
