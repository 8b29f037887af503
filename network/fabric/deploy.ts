import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';
import { type CareNode, type FabricPlan, HOST } from './plan.ts';
import { type Programs, runProgram } from './programs.ts';

/** What is deployed: the definition's version names the code (`codeDigest`). */
export interface Definition {
  version: string;
  /** by member: the package its own peer runs */
  packages: ReadonlyMap<string, { id: string; bytes: Buffer }>;
}

interface Committed {
  sequence: number;
  version: string;
}

/** Installs, approves and commits, as each member's administrator; what is done already stays. */
export class Deployment {
  private readonly common: string[];

  constructor(
    private readonly plan: FabricPlan,
    private readonly programs: Programs,
  ) {
    const [first] = plan.nodes;
    const root = join(plan.ordererFolder(first!.member), 'tls', 'ca.crt');
    const orderer = ['-o', `${HOST}:${first!.ports.orderer}`, '--tls', '--cafile', root];
    this.common = [...orderer, '--channelID', plan.consortium.channel, '--name', plan.consortium.chaincode];
  }

  /** Has every care member's peer join the channel. */
  async join(node: CareNode, block: string): Promise<void> {
    const joined = await this.peer(node, ['channel', 'list']);
    if (joined.split('\n').includes(this.plan.consortium.channel)) return;
    await this.peer(node, ['channel', 'join', '-b', block]);
  }

  async deploy(definition: Definition): Promise<void> {
    const { nodes } = this.plan;
    await Promise.all(nodes.map((node) => this.install(node, definition)));
    const standing = await this.committed();
    if (standing?.version === definition.version) return;
    const sequence = (standing?.sequence ?? 0) + 1;
    const words = ['--version', definition.version, '--sequence', `${sequence}`];
    for (const node of nodes) {
      const { id } = definition.packages.get(node.member.id)!;
      const approving = ['lifecycle', 'chaincode', 'approveformyorg', ...this.common, ...words];
      await this.peer(node, [...approving, '--package-id', id]);
    }
    const endorsers = nodes.flatMap(({ member }) => [
      '--peerAddresses',
      this.plan.peerAddress(member),
      '--tlsRootCertFiles',
      this.plan.peerTlsRoot(member),
    ]);
    await this.peer(nodes[0]!, ['lifecycle', 'chaincode', 'commit', ...this.common, ...words, ...endorsers]);
  }

  /** The definition that stands on the channel; undefined before the first. */
  private async committed(): Promise<Committed | undefined> {
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

  /** Runs the `peer` command as a member's administrator against its own peer. */
  private peer({ member }: CareNode, words: string[]): Promise<string> {
    return runProgram(this.programs.path.peer, words, {
      FABRIC_CFG_PATH: this.plan.path('config', `peer-${member.label}`),
      CORE_PEER_MSPCONFIGPATH: this.plan.adminMsp(member),
      FABRIC_LOGGING_SPEC: 'warn',
    });
  }
}
