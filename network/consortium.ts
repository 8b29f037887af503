/** What a member does: hospitals hold records, regulators read trails, third parties only ask. */
export type MemberKind = 'hospital' | 'regulator' | 'third-party';

export interface Member {
  /** Fabric MSP id; the organisation's id everywhere. */
  readonly id: string;
  readonly name: string;
  readonly kind: MemberKind;
  /** Short name for host names and certificate subjects. */
  readonly label: string;
  /** Whether the demo runs a gateway for it. */
  readonly gateway: boolean;
}

export interface Consortium {
  readonly channel: string;
  readonly chaincode: string;
  readonly members: readonly Member[];
  /** How many care members must endorse a transaction. */
  readonly endorsementsRequired: number;
}

/** The demo consortium. The embedded ledger and the Fabric network are both made from it. */
export const DEMO_CONSORTIUM: Consortium = {
  channel: 'records',
  chaincode: 'records',
  members: [
    { id: 'RiversideMSP', name: 'Riverside Hospital', kind: 'hospital', label: 'riverside', gateway: true },
    { id: 'LakesideMSP', name: 'Lakeside Hospital', kind: 'hospital', label: 'lakeside', gateway: true },
    { id: 'HilltopMSP', name: 'Hilltop Hospital', kind: 'hospital', label: 'hilltop', gateway: false },
    {
      id: 'RegulatorMSP',
      name: 'Health Data Regulator',
      kind: 'regulator',
      label: 'regulator',
      gateway: true,
    },
    { id: 'InsurerMSP', name: 'Harbour Insurance', kind: 'third-party', label: 'insurer', gateway: true },
  ],
  endorsementsRequired: 3,
};

/** Care members run peers, endorse and hold blocks; third parties do none of it. */
export function isCareMember(member: Member): boolean {
  return member.kind !== 'third-party';
}

export function careMembers(consortium: Consortium): Member[] {
  return consortium.members.filter(isCareMember);
}

/** Whose peer an organisation asks: its own; a third party the regulator's. */
export function servedBy(consortium: Consortium, organisation: string): Member {
  const own = consortium.members.find(({ id }) => id === organisation);
  if (own && isCareMember(own)) return own;
  return consortium.members.find(({ kind }) => kind === 'regulator')!;
}

/** Ordering organisations are MSPs of their own. */
export const ordererMspId = ({ id }: Member) => `${id.replace(/MSP$/, '')}OrdererMSP`;

export interface DemoPorts {
  /** REST port of each member with a gateway, by MSP id, from the base upwards. */
  readonly gateways: ReadonlyMap<string, number>;
  /** Metrics port of each member with a gateway: its REST port + 100. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly ledger: number;
  readonly chaincode: number;
}

/** The demo's ports on one machine, all derived from `PORT_BASE`. */
export function demoPorts(portBase: number, consortium: Consortium = DEMO_CONSORTIUM): DemoPorts {
  const withGateway = consortium.members.filter((member) => member.gateway);
  return {
    gateways: new Map(withGateway.map((member, i) => [member.id, portBase + i])),
    metrics: new Map(withGateway.map((member, i) => [member.id, portBase + 100 + i])),
    ledger: portBase + 50,
    chaincode: portBase + 51,
  };
}
