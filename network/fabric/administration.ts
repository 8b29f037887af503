import { join } from 'node:path';
import { isListening } from '../demo/processes.ts';
import type { CareNode, FabricPlan, NodeKind } from './plan.ts';
import { type Programs, runProgram } from './programs.ts';

/** The commands that a care member's administrator gives to its own nodes. */
export class Administration {
  constructor(
    readonly plan: FabricPlan,
    private readonly programs: Programs,
  ) {}

  /** Runs `peer` against the member's own peer. @returns what it said. @throws Error in one line */
  async peer(node: CareNode, words: readonly string[]): Promise<string> {
    const { member } = node;
    const env = {
      FABRIC_CFG_PATH: this.plan.path('config', `peer-${member.label}`),
      CORE_PEER_MSPCONFIGPATH: this.plan.adminMsp(member),
      FABRIC_LOGGING_SPEC: 'warn',
    };
    return this.orUnreached(node, 'peer', node.ports.peer, runProgram(this.programs.path.peer, words, env));
  }

  /** Runs `osnadmin` against the member's own orderer. @returns what it said. @throws Error in one line */
  async orderer(node: CareNode, words: readonly string[]): Promise<string> {
    const tls = join(this.plan.ordererFolder(node.member), 'tls');
    const at = [
      '-o',
      `${this.plan.places.host('orderer', node.member)}:${node.ports.ordererAdmin}`,
      '--ca-file',
      join(tls, 'ca.crt'),
    ];
    const as = ['--client-cert', join(tls, 'server.crt'), '--client-key', join(tls, 'server.key')];
    const said = runProgram(this.programs.path.osnadmin, [...words, ...at, ...as], {});
    return this.orUnreached(node, 'orderer', node.ports.ordererAdmin, said);
  }

  /** A node that is down is named, in place of what a program says of it. */
  private async orUnreached(
    { member }: CareNode,
    what: NodeKind,
    port: number,
    said: Promise<string>,
  ): Promise<string> {
    try {
      return await said;
    } catch (error) {
      const host = this.plan.places.host(what, member);
      if (await isListening(port, host)) throw error;
      throw new NodeDown(
        `${member.name}’s ${what} does not listen at ${host}:${port}: start it (npm run fabric -- up ${member.label}), then give the same command again. What is done stays.`,
      );
    }
  }
}

/** A node that has to be there is not. */
export class NodeDown extends Error {
  override readonly name = 'NodeDown';
}
