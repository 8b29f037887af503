import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { CareNode, FabricPlan } from './plan.ts';

/** Longest wait for an answer, milliseconds: an orderer that hangs takes connections and says nothing. */
const PATIENCE = 2_000;

/**
 * How many blocks of the channel a member's orderer holds; asks what `osnadmin channel list` asks.
 * @returns 0 when it is in no such channel; undefined when it does not answer
 */
export function ordererHeight(plan: FabricPlan, { member, ports }: CareNode): Promise<number | undefined> {
  const [ca, cert, key] = ['ca.crt', 'server.crt', 'server.key'].map((leaf) =>
    readFileSync(join(plan.ordererFolder(member), 'tls', leaf)),
  );
  const path = `/participation/v1/channels/${plan.consortium.channel}`;
  const where = { host: plan.places.host('orderer', member), port: ports.ordererAdmin, path };
  return new Promise((resolve) => {
    const unknown = () => resolve(undefined);
    const asked = request({ ...where, ca, cert, key, agent: false, timeout: PATIENCE }, async (answer) => {
      try {
        let text = '';
        for await (const chunk of answer) text += chunk;
        resolve((JSON.parse(text) as { height?: number }).height ?? 0);
      } catch {
        unknown();
      }
    });
    asked.once('error', unknown).once('timeout', () => asked.destroy());
    asked.end();
  });
}
