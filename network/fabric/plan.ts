import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Consortium, careMembers, type Member, servedBy } from '../consortium.ts';
import type { CredentialFiles } from '../identity-files.ts';
import type { LedgerAccess } from '../ledger-access.ts';

/** Ports of one care member's nodes. */
export interface NodePorts {
  readonly orderer: number;
  readonly ordererAdmin: number;
  readonly peer: number;
  /** where the peer waits for chaincode that it launched; ours is launched apart */
  readonly peerChaincode: number;
  readonly chaincode: number;
}

/** A care member and where its nodes listen. */
export interface CareNode {
  readonly member: Member;
  readonly ports: NodePorts;
}

/** Where the nodes of a network listen, and by which names others reach them. */
export interface NodePlaces {
  /** address to listen on */
  readonly listen: string;
  /** the port that an orderer or peer listens on, by the one that others find it at; the same when absent */
  listensAt?(advertised: number): number;
  /** port on which a node tells its own machine how it is (`/healthz`); any free one where nobody asks */
  readonly operations: number;
  /** @param position of the member among those who run nodes */
  ports(position: number): NodePorts;
  /** the name that stands in the node's TLS certificate too */
  host(kind: NodeKind, member: Member): string;
}

export type NodeKind = 'orderer' | 'peer' | 'chaincode';

/** First port of the nodes, above a demo's gateways and metrics. */
const FIRST_PORT = 200;
const PORTS_EACH = 10;

/** All on 127.0.0.1, so ports tell the nodes apart. */
export const onOneMachine = (portBase: number, listensAt?: NodePlaces['listensAt']): NodePlaces => ({
  listen: '127.0.0.1',
  ...(listensAt && { listensAt }),
  operations: 0,
  host: () => '127.0.0.1',
  ports(position) {
    const first = portBase + FIRST_PORT + PORTS_EACH * position;
    return {
      orderer: first,
      ordererAdmin: first + 1,
      peer: first + 2,
      peerChaincode: first + 3,
      chaincode: first + 4,
    };
  },
});

export const peerDomain = ({ label }: Member) => `${label}.example`;
export const ordererDomain = ({ label }: Member) => `orderer.${label}.example`;

/** Where everything of a Fabric network lies and listens, from its description alone. */
export class FabricPlan {
  readonly nodes: readonly CareNode[];
  private readonly folder: string;

  constructor(
    dataDir: string,
    readonly consortium: Consortium,
    readonly places: NodePlaces,
  ) {
    this.folder = join(dataDir, 'fabric');
    const care = careMembers(consortium);
    this.nodes = care.map((member, position) => ({ member, ports: places.ports(position) }));
  }

  /** Every port that a node of ours listens on. */
  get ports(): number[] {
    return this.nodes.flatMap(({ ports }) => Object.values(ports) as number[]);
  }

  /** The port that a node listens on, by the one that others find it at. */
  listensAt(advertised: number): number {
    return this.places.listensAt?.(advertised) ?? advertised;
  }

  /** host:port at which others reach a member's node. */
  address(kind: NodeKind, member: Member): string {
    const { ports } = this.nodes.find((node) => node.member === member)!;
    return `${this.places.host(kind, member)}:${ports[kind]}`;
  }

  /** A path below the network's own folder. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** cryptogen's folder of a member's organisation. */
  peerOrganisation(member: Member): string {
    return this.path('crypto', 'peerOrganizations', peerDomain(member));
  }

  ordererOrganisation(member: Member): string {
    return this.path('crypto', 'ordererOrganizations', ordererDomain(member));
  }

  /** cryptogen's folder (msp, tls) of a member's peer. */
  peerFolder(member: Member): string {
    return join(this.peerOrganisation(member), 'peers', `peer0.${peerDomain(member)}`);
  }

  ordererFolder(member: Member): string {
    return join(this.ordererOrganisation(member), 'orderers', `node0.${ordererDomain(member)}`);
  }

  /** Where a member's peer keeps its ledger and the packages that it installed. */
  peerData({ label }: Member): string {
    return this.path('data', `peer-${label}`);
  }

  /** MSP folder of a member's administrator. */
  adminMsp(member: Member): string {
    return join(this.peerOrganisation(member), 'users', `Admin@${peerDomain(member)}`, 'msp');
  }

  /** TLS pairs between a peer and its chaincode, under an authority of their own. */
  chaincodeTls(member: Member, whose: 'ca' | 'server' | 'client'): CredentialFiles {
    const folder = this.path('chaincode', member.label);
    return { certificate: join(folder, `${whose}.crt`), privateKey: join(folder, `${whose}.key`) };
  }

  peerTlsRoot(member: Member): string {
    return join(this.peerFolder(member), 'tls', 'ca.crt');
  }

  access(organisation: string): LedgerAccess {
    const member = this.consortium.members.find(({ id }) => id === organisation)!;
    const served = servedBy(this.consortium, organisation);
    const domain = peerDomain(member);
    const msp = join(this.peerOrganisation(member), 'users', `User1@${domain}`, 'msp');
    return {
      endpoint: this.address('peer', served),
      tlsRoot: this.peerTlsRoot(served),
      serverName: 'localhost',
      peerOrganisation: served.id,
      certificate: join(msp, 'signcerts', `User1@${domain}-cert.pem`),
      privateKey: onlyFileIn(join(msp, 'keystore')),
    };
  }
}

/** cryptogen names private keys as it likes, one to a folder. */
export function onlyFileIn(folder: string): string {
  const [leaf, ...others] = readdirSync(folder);
  if (leaf === undefined || others.length > 0) throw new Error(`${folder} should hold one file`);
  return join(folder, leaf);
}
