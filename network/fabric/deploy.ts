import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';
import { type Administration, NodeDown } from './administration.ts';
import type { CareNode, FabricPlan } from './plan.ts';

/** What is deployed: the definition's version names the code (`codeDigest`). */
export interface Definition {
  version: string;
  /** by member: the package its own peer runs */
  packages: ReadonlyMap<string, { id: string; bytes: Buffer }>;
}

export interface Committed {
  sequence: number;
  version: string;
}

/** Installs, approves and commits, as each member's administrator; what is done already stays. */
export class Deployment {
  private readonly plan: FabricPlan;
  private readonly common: string[];

  constructor(private readonly administration: Administration) {
    const { plan } = administration;
    this.plan = plan;
    const { member } = plan.nodes[0]!;
    const root = join(plan.ordererFolder(member), 'tls', 'ca.crt');
    const orderer = ['-o', plan.address('orderer', member), '--tls', '--cafile', root];
    this.common = [...orderer, '--channelID', plan.consortium.channel, '--name', plan.consortium.chaincode];
  }

  /** @returns the definition that stands on the channel then */
  async deploy(definition: Definition): Promise<Committed> {
    const { nodes } = this.plan;
    await Promise.all(nodes.map((node) => this.install(node, definition)));
    const standing = await this.committed();
    const stands = standing?.version === definition.version;
    const sequence = (standing?.sequence ?? 0) + (stands ? 0 : 1);
    const words = ['--version', definition.version, '--sequence', `${sequence}`];
    // The same code in another package (how it is reached has changed) is approved again, and that is all.
    for (const node of nodes) await this.approve(node, definition, sequence);
    if (standing && stands) return standing;
    const endorsers = nodes.flatMap(({ member }) => [
      '--peerAddresses',
      this.plan.address('peer', member),
      '--tlsRootCertFiles',
      this.plan.peerTlsRoot(member),
    ]);
    await this.peer(nodes[0]!, ['lifecycle', 'chaincode', 'commit', ...this.common, ...words, ...endorsers]);
    return { sequence, version: definition.version };
  }

  /** Fabric refuses an approval that changes nothing, such as one of a half-finished run. */
  private async approve(node: CareNode, { version, packages }: Definition, sequence: number): Promise<void> {
    const { channel, chaincode } = this.plan.consortium;
    const { id } = packages.get(node.member.id)!;
    const asked = ['--channelID', channel, '--name', chaincode, '--sequence', `${sequence}`];
    const approved = await this.peer(node, [
      ...['lifecycle', 'chaincode', 'queryapproved', '--output', 'json'],
      ...asked,
    ]).catch((error: Error) => {
      if (error instanceof NodeDown) throw error;
      return '';
    });
    if (approved.includes(version) && approved.includes(id)) return;
    const words = ['--version', version, '--sequence', `${sequence}`, '--package-id', id];
    await this.peer(node, ['lifecycle', 'chaincode', 'approveformyorg', ...this.common, ...words]);
  }

  /** The definition that stands on the channel; undefined before the first. */
  async committed(): Promise<Committed | undefined> {
    const words = ['--channelID', this.plan.consortium.channel, '--output', 'json'];
    const said = await this.peer(this.plan.nodes[0]!, ['lifecycle', 'chaincode', 'querycommitted', ...words]);
    const { chaincode_definitions: all = [] } = JSON.parse(said) as {
      chaincode_definitions?: (Committed & { name: string })[];
    };
    return all.find(({ name }) => name === this.plan.consortium.chaincode);
  }

  private async install(node: CareNode, { packages }: Definition): Promise<void> {
    const { id, bytes } = packages.get(node.member.id)!;
    const installed = await this.peer(node, ['lifecycle', 'chaincode', 'queryinstalled', '--output', 'json']);
    if (installed.includes(id)) return;
    const path = this.plan.path('chaincode', node.member.label, 'package.tar.gz');
    writeDurably(path, bytes, 0o600);
    await this.peer(node, ['lifecycle', 'chaincode', 'install', path]);
  }

  private peer(node: CareNode, words: string[]): Promise<string> {
    return this.administration.peer(node, words);
  }
}
