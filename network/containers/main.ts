import { existsSync } from 'node:fs';
import { DEMO_CONSORTIUM } from '../consortium.ts';
import { found, foundingFiles } from '../demo/founding.ts';
import { register } from '../demo/registration.ts';
import { bringUp } from '../fabric/bring-up.ts';
import { makeChannel } from '../fabric/channel.ts';
import { FabricPlan } from '../fabric/plan.ts';
import { findPrograms } from '../fabric/programs.ts';
import { connectTo } from '../ledger-access.ts';
import { makeKeys } from './keys.ts';
import { gatewayPlaces, HOME, nodePlaces, VOLUMES } from './places.ts';

const HELP = `The setup of the consortium in containers, in two steps that keep what is there:
  keys     before anything runs: keys, certificates and settings of every service, each into its volume
  network  once orderers, peers and chaincode run: the channel, the chaincode, the members and their devices`;

/** Makes a network of running nodes and registers the consortium on it. */
async function makeNetwork(): Promise<void> {
  const programs = await findPrograms();
  const plan = new FabricPlan(HOME, DEMO_CONSORTIUM, nodePlaces);
  await bringUp(plan, programs, await makeChannel(plan, programs), say);
  say('members and devices');
  if (!existsSync(foundingFiles(HOME).ledger))
    throw new Error('There are no keys yet: the step `keys` first.');
  const founding = found(
    HOME,
    gatewayPlaces(() => undefined),
    'fabric',
  );
  const [first] = plan.nodes;
  const ledger = connectTo(plan.access(first!.member.id), first!.member.id);
  await register(founding, HOME, ledger).finally(() => ledger.close());
  say(`network ${founding.network}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const steps: Record<string, () => Promise<void>> = {
  keys: async () => makeKeys({ home: HOME, volumes: VOLUMES }, await findPrograms()),
  network: makeNetwork,
  '--help': async () => say(HELP),
};

const step = steps[process.argv[2] ?? '--help'];
if (step === undefined) throw new Error(HELP);
step().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
