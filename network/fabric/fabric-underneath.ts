import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeDigest } from '@chartkey/chaincode/code-digest';
import { digest, transactions } from '@chartkey/vocabulary';
import { DEMO_CONSORTIUM } from '../consortium.ts';
import { chaincodeOrder } from '../demo/embedded-underneath.ts';
import type { Starter, Underneath } from '../demo/underneath.ts';
import { writeDurably } from '../durable-file.ts';
import { connectTo, type LedgerAccess } from '../ledger-access.ts';
import { chaincodePackage, packageId } from './chaincode-package.ts';
import { makeChannel } from './channel.ts';
import { makeCrypto } from './crypto.ts';
import { Deployment } from './deploy.ts';
import { ordererConfig, peerConfig } from './node-config.ts';
import { type CareNode, FabricPlan, HOST } from './plan.ts';
import { type Programs, runProgram } from './programs.ts';

/** A question that nothing on the ledger answers to, so endorsers refuse it alike and nothing is submitted. */
const NOBODYS = {
  kind: 'read',
  session: digest('nobody’s session'),
  record: 'a'.repeat(26),
  purpose: 'TREAT',
} as const;

/** JSON lines, without what gRPC says of every connection, and without the values that answers differ in. */
const logging = {
  FABRIC_LOGGING_SPEC: 'info:grpc=error:comm.grpc.server=warning:gateway.responsechecker=error',
  FABRIC_LOGGING_FORMAT: 'json',
};

/** Fabric v3 on this machine: an orderer, a peer and a chaincode process for each care member. */
export class FabricUnderneath implements Underneath {
  readonly kind = 'fabric';
  private readonly plan: FabricPlan;

  constructor(
    dataDir: string,
    portBase: number,
    private readonly programs: Programs,
  ) {
    this.plan = new FabricPlan(dataDir, portBase, DEMO_CONSORTIUM);
  }

  get ports(): readonly number[] {
    return this.plan.ports;
  }

  access(organisation: string): LedgerAccess {
    return this.plan.access(organisation);
  }

  async start(starter: Starter): Promise<void> {
    const { plan, programs } = this;
    const { run, begin } = starter;
    begin('keys and certificates');
    await makeCrypto(plan, programs);
    begin('the channel’s first block');
    const block = await makeChannel(plan, programs);
    begin(`${plan.nodes.length} orderers, ${plan.nodes.length} peers`);
    await Promise.all(
      plan.nodes.flatMap((node) => [this.startOrderer(node, run), this.startPeer(node, run)]),
    );
    begin('channel');
    const deployment = new Deployment(plan, programs);
    await Promise.all(plan.nodes.map((node) => this.joinOrderer(node, block)));
    await Promise.all(plan.nodes.map((node) => deployment.join(node, block)));
    begin('chaincode');
    const packages = new Map(plan.nodes.map((node) => [node.member.id, this.packageOf(node)]));
    await Promise.all(plan.nodes.map((node) => run(this.chaincode(node, packages.get(node.member.id)!.id))));
    const version = codeDigest();
    await attempts(() => deployment.deploy({ version, packages }));
    begin('endorsement');
    await Promise.all(plan.nodes.map(({ member }) => this.untilEndorsed(member.id)));
  }

  /** Until a member's peer finds enough endorsers: they learn of each other, and of the chaincode, by and by. */
  private async untilEndorsed(organisation: string): Promise<void> {
    const ledger = connectTo(this.access(organisation), organisation);
    try {
      await attempts(() =>
        ledger.submit(transactions.requestAccess, { items: [NOBODYS] }, { when: () => false }),
      );
    } finally {
      ledger.close();
    }
  }

  private startOrderer(node: CareNode, run: Starter['run']): Promise<void> {
    const name = `orderer-${node.member.label}`;
    const folder = this.configure(name, 'orderer.yaml', ordererConfig(this.plan, node));
    return run({
      name,
      program: this.programs.path.orderer,
      arguments: [],
      env: { FABRIC_CFG_PATH: folder, ...logging },
      isReady: (line) => line.includes('Beginning to serve requests'),
    });
  }

  private startPeer(node: CareNode, run: Starter['run']): Promise<void> {
    const name = `peer-${node.member.label}`;
    const folder = this.configure(name, 'core.yaml', peerConfig(this.plan, node, this.programs));
    return run({
      name,
      program: this.programs.path.peer,
      arguments: ['node', 'start'],
      env: { FABRIC_CFG_PATH: folder, ...logging },
      isReady: (line) => line.includes('Started peer with ID'),
    });
  }

  private chaincode({ member, ports }: CareNode, id: string) {
    const [server, authority] = [
      this.plan.chaincodeTls(member, 'server'),
      this.plan.chaincodeTls(member, 'ca'),
    ];
    return chaincodeOrder(`chaincode-${member.label}`, `${HOST}:${ports.chaincode}`, id, [
      ...['--chaincode-tls-cert-file', server.certificate, '--chaincode-tls-key-file', server.privateKey],
      ...['--chaincode-tls-client-cacert-file', authority.certificate],
      // A peer pings more often than grpc-js suffers by itself.
      ...['--grpc.http2.min_time_between_pings_ms', '10000'],
    ]);
  }

  private packageOf({ member, ports }: CareNode) {
    const read = (path: string) => readFileSync(path, 'utf8');
    const client = this.plan.chaincodeTls(member, 'client');
    const label = this.plan.consortium.chaincode;
    const bytes = chaincodePackage({
      label,
      address: `${HOST}:${ports.chaincode}`,
      tls: {
        root: read(this.plan.chaincodeTls(member, 'ca').certificate),
        clientCertificate: read(client.certificate),
        clientKey: read(client.privateKey),
      },
    });
    return { id: packageId(label, bytes), bytes };
  }

  private async joinOrderer({ member, ports }: CareNode, block: string): Promise<void> {
    const tls = join(this.plan.ordererFolder(member), 'tls');
    const at = ['-o', `${HOST}:${ports.ordererAdmin}`, '--ca-file', join(tls, 'ca.crt')];
    const as = ['--client-cert', join(tls, 'server.crt'), '--client-key', join(tls, 'server.key')];
    const { osnadmin } = this.programs.path;
    const { channel } = this.plan.consortium;
    const listed = await runProgram(osnadmin, ['channel', 'list', ...at, ...as], {});
    if (listed.includes(`"name": "${channel}"`)) return;
    const words = ['channel', 'join', ...at, ...as, '--channelID', channel, '--config-block', block];
    const said = await runProgram(osnadmin, words, {});
    if (!said.includes('Status: 201')) throw new Error(`osnadmin channel join: ${said.trim()}`);
  }

  private configure(name: string, leaf: string, config: object): string {
    const folder = this.plan.path('config', name);
    writeDurably(join(folder, leaf), `${JSON.stringify(config, null, 2)}\n`, 0o600);
    return folder;
  }
}

/** Peers that have just started need a moment to find each other and the orderers. */
async function attempts(work: () => Promise<unknown>): Promise<void> {
  for (let left = 40; ; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await pause(500);
    }
  }
}
