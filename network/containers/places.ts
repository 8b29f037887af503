import { type Consortium, DEMO_CONSORTIUM, demoPorts, type Member } from '../consortium.ts';
import type { GatewayPlaces } from '../demo/founding.ts';
import type { NodePlaces } from '../fabric/plan.ts';

/*
 * Names, ports and addresses of the consortium in containers: each service has a host name, so ports are the
 * same for every member.
 */

/** Where a service finds its own volume. */
export const HOME = '/consortium';
/** Where the setup finds everybody's. */
export const VOLUMES = '/volumes';
/** A gateway's data; its keys lie apart, in HOME. */
export const GATEWAY_DATA = '/var/lib/chartkey';

/** What a gateway finds in HOME. */
export const gatewayFiles = {
  genesis: 'genesis.json',
  device: 'device.json',
  identityCertificate: 'identity.crt',
  identityKey: 'identity.key',
  ledgerRoot: 'ledger-root.crt',
  tlsCertificate: 'tls.crt',
  tlsKey: 'tls.key',
  tlsRoots: 'tls-roots.crt',
  /** a folder that the gateway fills */
  vaultKeys: 'vault',
} as const;

export const ports = {
  orderer: 7050,
  ordererAdmin: 7053,
  peer: 7051,
  peerChaincode: 7052,
  chaincode: 9999,
  gateway: 8443,
  metrics: 9464,
  authority: 7054,
  operations: 9443,
} as const;

/*
 * Gateways have fixed addresses, which their members sign in the genesis document: docs/adr/0012. Change the
 * network here when it is taken, before a consortium is founded on it.
 */
const NETWORK = '10.71.7';
const FIRST_GATEWAY = 10;
export const subnet = `${NETWORK}.0/24`;
/** Where all other services get their addresses, so that none takes a gateway's. */
export const range = `${NETWORK}.128/25`;

export const nodePlaces: NodePlaces = {
  listen: '0.0.0.0',
  operations: ports.operations,
  host: (kind, { label }) => `${kind}-${label}`,
  ports: () => ports,
};

/** A gateway's fixed address; a member without a gateway has one kept for it. */
export function gatewayAddress(member: Member, { members }: Consortium = DEMO_CONSORTIUM): string {
  return `${NETWORK}.${FIRST_GATEWAY + members.indexOf(member)}`;
}

export const gatewayUrl = (member: Member) => `https://${gatewayAddress(member)}:${ports.gateway}`;

/** @param rootsOf a member's TLS roots, base64 DER; none without a gateway */
export function gatewayPlaces(rootsOf: (member: Member) => string[] | undefined): GatewayPlaces {
  return {
    demo: false,
    portBase: ports.gateway,
    of(member) {
      const tlsRoots = rootsOf(member);
      return { url: gatewayUrl(member), ...(tlsRoots && { tlsRoots }) };
    },
  };
}

/** The port of this machine's loopback at which a gateway is published: those of `npm start`. */
export const publishedPort = ({ id }: Member) => demoPorts(7001).gateways.get(id)!;
