import { setTimeout as pause } from 'node:timers/promises';
import { Administration, NodeDown } from './administration.ts';
import { packagesOf } from './chaincode-package.ts';
import { type Committed, Deployment } from './deploy.ts';
import { createChannel } from './join.ts';
import type { FabricPlan } from './plan.ts';
import type { Programs } from './programs.ts';
import { recordsChaincode, type ServedChaincode } from './served-chaincode.ts';

/**
 * Makes a channel with a chaincode out of nodes that run, up to where every member's peer gets enough
 * endorsements. What is done already stays.
 * @param block path of the channel's first block
 */
export async function bringUp(
  plan: FabricPlan,
  programs: Programs,
  block: string,
  begin: (step: string) => void,
  served: ServedChaincode = recordsChaincode(),
): Promise<void> {
  const administration = new Administration(plan, programs);
  begin('channel');
  await attempts(
    () => createChannel(administration, block),
    () => true,
  );
  begin('chaincode');
  await deployChaincode(administration, served);
}

/**
 * Installs, approves and commits a chaincode as every member, and waits until endorsers answer for it.
 * @returns the definition that stands then
 */
export async function deployChaincode(
  administration: Administration,
  { version, answers }: ServedChaincode,
): Promise<Committed> {
  const { plan } = administration;
  const definition = { version, packages: packagesOf(plan) };
  const standing = await attempts(() => new Deployment(administration).deploy(definition));
  const ids = plan.nodes.map(({ member }) => member.id);
  await Promise.all(ids.map((id) => attempts(() => answers(id, plan.access(id)))));
  return standing;
}

/** Nodes that have just started need a moment to find each other; in `bringUp`, to listen. */
async function attempts<Result>(
  work: () => Promise<Result>,
  mayPass = (error: unknown) => !(error instanceof NodeDown),
): Promise<Result> {
  for (let left = 40; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !mayPass(error)) throw error;
      await pause(500);
    }
  }
}
