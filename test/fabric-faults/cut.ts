import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DEMO_CONSORTIUM } from '../../network/consortium.ts';
import type { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { type CareNode, FabricPlan, onOneMachine } from '../../network/fabric/plan.ts';

/** Where a node listens whose advertised port is taken by a relay. */
export const behindRelay = (port: number) => port + 5;

interface Link {
  near: Socket;
  far: Socket | undefined;
  target: CareNode;
  severed: boolean;
}

/**
 * TCP relays in front of every orderer and peer, at the ports that the channel advertises: between
 * organisations all goes through them. A namespace would need root, and stopping processes is not a cut. Bytes
 * that meet the cut vanish, as on a dead line; what lost some is reset when the line is whole again.
 */
export class Relays {
  private readonly links = new Set<Link>();
  private readonly servers: Server[] = [];
  private cut: { node: CareNode; run: ConsortiumRun } | undefined;

  static async open(dataDir: string, portBase: number): Promise<Relays> {
    const relays = new Relays();
    for (const node of new FabricPlan(dataDir, DEMO_CONSORTIUM, onOneMachine(portBase)).nodes) {
      for (const port of [node.ports.orderer, node.ports.peer]) await relays.listen(port, node);
    }
    return relays;
  }

  /** Cuts an organisation's nodes off from all others'. */
  begin(run: ConsortiumRun, label: string): void {
    const node = [...this.links].map(({ target }) => target).find(({ member }) => member.label === label);
    if (!node) throw new Error(`nobody is connected to ${label}`);
    this.cut = { node, run };
    const own = portsOf(run, node);
    for (const link of this.links) if (crosses(link, node, own)) sever(link);
  }

  end(): void {
    this.cut = undefined;
    for (const link of this.links) if (link.severed) this.drop(link);
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const link of this.links) this.drop(link);
  }

  private async listen(port: number, target: CareNode): Promise<void> {
    const server = createServer((near) => this.relay(near, port, target));
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  }

  private relay(near: Socket, port: number, target: CareNode): void {
    const link: Link = { near, far: undefined, target, severed: false };
    this.links.add(link);
    const ended = () => link.severed || this.drop(link);
    near.setNoDelay().on('error', ended).on('close', ended);
    if (this.cut && crosses(link, this.cut.node, portsOf(this.cut.run, this.cut.node))) {
      sever(link);
      return;
    }
    const far = connect(behindRelay(port), '127.0.0.1').setNoDelay();
    link.far = far;
    far.on('error', ended).on('close', ended);
    near.pipe(far);
    far.pipe(near);
  }

  private drop(link: Link): void {
    this.links.delete(link);
    link.near.destroy();
    link.far?.destroy();
  }
}

/** Nothing of it arrives any more, not even that an end was closed. */
function sever(link: Link): void {
  link.severed = true;
  const { near, far } = link;
  near.unpipe().resume();
  far?.unpipe().resume();
}

/** Does it lead into the organisation from outside, or out of it? */
function crosses({ near, target }: Link, { member }: CareNode, own: Set<number>): boolean {
  return own.has(near.remotePort ?? 0) !== (target.member.id === member.id);
}

/** TCP ports that an organisation's processes hold (proc(5): a socket's inode links the two). */
function portsOf(run: ConsortiumRun, { member }: CareNode): Set<number> {
  const inodes = new Set(
    [...run.processes.values()]
      .filter(({ name }) => name === member.id || name.endsWith(`-${member.label}`))
      .flatMap(({ child }) => socketsOf(child.pid!)),
  );
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return new Set(
    rows.flatMap((row) => {
      const [, local = '', , , , , , , , inode = ''] = row.trim().split(/\s+/);
      return inodes.has(inode) ? [Number.parseInt(local.split(':')[1]!, 16)] : [];
    }),
  );
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[([0-9]+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}
