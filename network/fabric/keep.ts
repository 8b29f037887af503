import { DEMO_CONSORTIUM } from '../consortium.ts';
import { type RunningProcess, startProcess, stopProcess } from '../demo/processes.ts';
import { nodeOrders } from './nodes.ts';
import { FabricPlan, onOneMachine } from './plan.ts';
import { findPrograms } from './programs.ts';
import { recordsChaincode } from './served-chaincode.ts';

/*
 * Keeps one member's orderer, peer and chaincode, as a service manager would; `up` starts it in the
 * background. It tells its parent when they are ready, or why they are not, and ends when one of them does.
 */

const [dataDir = '', portBase = '', label = ''] = process.argv.slice(2);
const running: RunningProcess[] = [];

async function keep(): Promise<string> {
  const plan = new FabricPlan(dataDir, DEMO_CONSORTIUM, onOneMachine(Number(portBase)));
  const node = plan.nodes.find(({ member }) => member.label === label)!;
  for (const order of nodeOrders(plan, await findPrograms(), recordsChaincode(), node)) {
    running.push(startProcess(order, plan.path('logs')));
  }
  await Promise.all(running.map(({ ready }) => ready));
  process.send?.({ ready: true });
  return Promise.race(running.map(async ({ name, ended }) => `${name} ${await ended}`));
}

let ending = false;

/** The chaincode goes last, so that its peer never asks one that has gone. */
async function end(code: number): Promise<void> {
  // What it ends comes here too.
  if (ending) return;
  ending = true;
  const [chaincode, ...others] = running.splice(0).reverse();
  await Promise.all(others.map(stopProcess));
  if (chaincode) await stopProcess(chaincode);
  process.exit(code);
}

process.once('SIGTERM', () => void end(0));
process.once('SIGINT', () => void end(0));
keep().then(
  () => end(1),
  (error: Error) => {
    if (process.connected) process.send?.({ failed: error.message }, () => void end(1));
    else void end(1);
  },
);
