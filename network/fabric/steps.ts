import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DEMO_CONSORTIUM } from '../consortium.ts';
import { found, onLoopback } from '../demo/founding.ts';
import { isListening } from '../demo/processes.ts';
import { register } from '../demo/registration.ts';
import { type DemoSettings, refuseTakenPorts } from '../demo/settings.ts';
import { writeDurably } from '../durable-file.ts';
import { connectTo, foundedIn } from '../ledger-access.ts';
import { Administration } from './administration.ts';
import { deployChaincode } from './bring-up.ts';
import { makeChannel } from './channel.ts';
import { makeCrypto } from './crypto.ts';
import { enrol } from './enrol.ts';
import { createChannel } from './join.ts';
import { OrdererWatch } from './orderer-watch.ts';
import { backUp, restore } from './peer-backup.ts';
import { type CareNode, FabricPlan, onOneMachine } from './plan.ts';
import type { Programs } from './programs.ts';
import { recordsChaincode } from './served-chaincode.ts';
import { statusOf } from './status.ts';
import { Supervised } from './supervised.ts';

/** Between two looks at the orderers. */
const LOOK_MILLISECONDS = 3_000;

/** A network in a folder, and what acts on it. */
export class FabricSteps {
  private readonly plan: FabricPlan;
  private readonly administration: Administration;

  constructor(
    private readonly settings: DemoSettings,
    private readonly programs: Programs,
  ) {
    this.plan = new FabricPlan(settings.dataDir, DEMO_CONSORTIUM, onOneMachine(settings.portBase));
    this.administration = new Administration(this.plan, programs);
    refuseOthersFolder(this.plan, settings);
  }

  /** Starts members' nodes in the background; the first time makes all keys and the channel's first block. */
  async up(members: readonly string[]): Promise<string> {
    const nodes = this.nodesOf(members);
    writeDurably(this.plan.path('port-base'), String(this.settings.portBase), 0o600);
    await makeCrypto(this.plan, this.programs);
    await makeChannel(this.plan, this.programs);
    mkdirSync(this.plan.path('run'), { recursive: true, mode: 0o700 });
    const resting = nodes.filter((node) => this.supervised(node).process === undefined);
    await refuseTakenPorts(resting.flatMap(({ ports }) => Object.values(ports) as number[]));
    await Promise.all(resting.map((node) => this.supervised(node).start()));
    return `${namesOf(nodes)}: up. The first time, go on with create-channel.`;
  }

  async down(members: readonly string[]): Promise<string> {
    const nodes = this.nodesOf(members);
    await Promise.all(nodes.map((node) => this.supervised(node).stop()));
    for (const node of nodes) await this.refuseRunning(node);
    return `${namesOf(nodes)}: down. The data stay.`;
  }

  /** Every orderer and every peer joins. */
  async createChannel(): Promise<string> {
    this.refuseBeforeUp();
    await createChannel(this.administration, await makeChannel(this.plan, this.programs));
    return `Every orderer and peer has joined ${this.plan.consortium.channel}. Go on with deploy-chaincode.`;
  }

  /** Each member installs and approves the chaincode of this checkout; then it is committed. */
  async deployChaincode(): Promise<string> {
    this.refuseBeforeUp();
    const { sequence, version } = await deployChaincode(this.administration, recordsChaincode());
    return `${this.plan.consortium.chaincode}: sequence ${sequence}, version ${version}. Go on with genesis.`;
  }

  /** Founds the demo consortium with every key in this folder; `npm run member` is for one with members. */
  async genesis(): Promise<string> {
    this.refuseBeforeUp();
    const { dataDir, portBase } = this.settings;
    const founding = found(dataDir, onLoopback(portBase), 'fabric');
    const [first] = this.plan.nodes;
    const ledger = connectTo(this.plan.access(first!.member.id), first!.member.id);
    await register(founding, dataDir, ledger).finally(() => ledger.close());
    return `Registered: ${founding.network}. Gateways come with npm run network:fabric, after npm run fabric -- down.`;
  }

  /** @returns the settings of the member's gateway, a line each */
  async enrol([label = '']: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
    this.refuseBeforeUp();
    const member = this.plan.consortium.members.find((one) => one.label === label);
    if (!member)
      throw new Error(`There is no member ${label}: one of ${labelsOf(this.plan.consortium.members)}.`);
    return enrol(this.plan, this.settings.dataDir, member, env);
  }

  async status(): Promise<string> {
    this.refuseBeforeUp();
    return (await statusOf(this.administration)).join('\n');
  }

  /** Starts the nodes of a member anew when its orderer hangs; goes on until it is stopped. */
  async watch(say: (line: string) => void, stop?: AbortSignal): Promise<string> {
    const watch = new OrdererWatch(this.plan);
    say('Watching for orderers that hang; Ctrl-C ends it.');
    while (!stop?.aborted) {
      const hung = await watch.look();
      if (hung) {
        await this.supervised(hung).stop();
        await this.supervised(hung).start();
        say(`${new Date().toISOString()} ${hung.member.name}’s orderer hung; its nodes were started anew.`);
      }
      await pause(LOOK_MILLISECONDS, undefined, { signal: stop }).catch(() => undefined);
    }
    return 'Watching no more.';
  }

  async backup([label = '', file = '']: readonly string[]): Promise<string> {
    const node = await this.resting(label);
    await backUp(this.plan, node, file);
    return `${node.member.name}’s peer: ${file}`;
  }

  async restore([label = '', file = '']: readonly string[]): Promise<string> {
    const node = await this.resting(label);
    await restore(this.plan, node, file);
    return `${node.member.name}’s peer: restored. Go on with up ${label}; it fetches what came later.`;
  }

  private supervised(node: CareNode): Supervised {
    const { dataDir, portBase } = this.settings;
    return new Supervised(this.plan, node, dataDir, portBase);
  }

  private nodesOf(labels: readonly string[]): CareNode[] {
    const { nodes } = this.plan;
    if (labels.length === 0) return [...nodes];
    return labels.map((label) => {
      const node = nodes.find(({ member }) => member.label === label);
      if (node) return node;
      throw new Error(`${label} runs no nodes: one of ${labelsOf(nodes.map(({ member }) => member))}.`);
    });
  }

  private async resting(label: string): Promise<CareNode> {
    const [node] = this.nodesOf([label]);
    if (this.supervised(node!).process !== undefined) {
      throw new Error(`${node!.member.name}’s nodes run: stop them first (npm run fabric -- down ${label}).`);
    }
    await this.refuseRunning(node!);
    return node!;
  }

  /** Nodes that another command started are not ours to stop, and their data not ours to touch. */
  private async refuseRunning({ member, ports }: CareNode): Promise<void> {
    if (!(await isListening(ports.peer)) && !(await isListening(ports.orderer))) return;
    throw new Error(
      `${member.name}’s nodes run, but npm run fabric -- up did not start them: stop them where they were started (npm run network:fabric?).`,
    );
  }

  private refuseBeforeUp(): void {
    if (existsSync(this.plan.path('crypto'))) return;
    throw new Error(`There is no network in ${this.settings.dataDir} yet: begin with npm run fabric -- up.`);
  }
}

/** @throws Error with one line when the folder is another network's, or this one's ports would change */
function refuseOthersFolder(plan: FabricPlan, { dataDir, portBase }: DemoSettings): void {
  const kept = plan.path('port-base');
  const founded = foundedIn(dataDir);
  if (founded && founded.ledger !== 'fabric') {
    throw new Error(
      `The network in ${dataDir} was founded on the ${founded.ledger} ledger: choose another DATA_DIR.`,
    );
  }
  // The channel's first block names them.
  const made = existsSync(kept) ? Number(readFileSync(kept, 'utf8')) : (founded?.portBase ?? portBase);
  if (made !== portBase) {
    throw new Error(`This network was made with PORT_BASE ${made}: use that, or another DATA_DIR.`);
  }
}

const labelsOf = (members: readonly { label: string }[]) => members.map(({ label }) => label).join(', ');
const namesOf = (nodes: readonly CareNode[]) => nodes.map(({ member }) => member.name).join(', ');
