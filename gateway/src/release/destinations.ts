import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Genesis, Member } from '@chartkey/vocabulary';
import { reachOf } from './addresses.ts';

/** We do not call this: it is not a registered address, or not one that may be called. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
}

/** An IP address as a name resolved to. */
export interface Address {
  address: string;
  family: number;
}
/** All addresses of a name. */
export type Resolve = (host: string) => Promise<Address[]>;

export const resolveByDns: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** A registered gateway as it may be called. */
export interface Destination {
  organisation: string;
  /** canonical, without a slash at the end */
  base: string;
  host: string;
  port: number;
  secure: boolean;
  /** certificates in DER that its own must chain to; the system's where none are pinned (demo networks only) */
  roots?: readonly string[];
}

/**
 * The only places that this gateway calls: the members' registered URLs. https by name to public addresses;
 * a private address only where the genesis document, which every member signed, has it in figures; plain
 * http only in a demo network, to loopback. Loopback is for demo networks, other special ranges for none.
 */
export class Destinations {
  constructor(
    private readonly genesis: Genesis,
    private readonly resolve: Resolve = resolveByDns,
  ) {}

  /** The gateway of a member. @throws DestinationRefused */
  of(organisation: string): Destination {
    const member = this.genesis.organisations.find((one) => one.id === organisation);
    if (!member) throw new DestinationRefused('no member has this id');
    return this.destinationOf(member);
  }

  /**
   * The member that a URL leads to: written exactly as registered, up to a path below it.
   * @throws DestinationRefused for any other text
   */
  at(url: string): Destination {
    if (!URL.canParse(url) || new URL(url).href !== url) throw new DestinationRefused('not a canonical URL');
    const { username, password, search, hash } = new URL(url);
    if (username + password + search + hash !== '') throw new DestinationRefused('more than a path');
    for (const member of this.genesis.organisations) {
      if (!URL.canParse(member.url)) continue;
      const base = baseOf(new URL(member.url));
      if (url.startsWith(`${base}/`)) return this.destinationOf(member);
    }
    throw new DestinationRefused('not below a registered URL');
  }

  /**
   * The one address to connect to for a name, looked up once (figures were checked already). A name any of whose addresses may not be
   * called is refused whole: such a name is not a gateway's.
   * @throws DestinationRefused, or what the resolver throws
   */
  async addressOf({ host, secure }: Destination): Promise<Address> {
    return onlyAddress(await this.resolve(host), (address) => this.checkAddress(address, secure, false));
  }

  private destinationOf(member: Member): Destination {
    if (!URL.canParse(member.url)) throw new DestinationRefused('the registered URL is none');
    const url = new URL(member.url);
    const { demo } = this.genesis;
    const secure = url.protocol === 'https:';
    if (!secure && !demo) throw new DestinationRefused('plain http is for demo networks only');
    // Figures in disguise (0x7f.1, 127.1, 2130706433) change when parsed; so does anything else odd.
    if (hostIn(member.url) !== url.hostname) throw new DestinationRefused('the registered host is no name');
    if (isIP(url.hostname)) this.checkAddress(url.hostname, secure, true);
    if (!member.tlsRoots && !demo) throw new DestinationRefused('no TLS roots are registered');
    return {
      organisation: member.id,
      base: baseOf(url),
      host: url.hostname,
      port: Number(url.port || (secure ? 443 : 80)),
      secure,
      ...(member.tlsRoots && { roots: member.tlsRoots }),
    };
  }

  private checkAddress(address: string, secure: boolean, literal: boolean): void {
    const reach = reachOf(address);
    const { demo } = this.genesis;
    if (reach === 'loopback' && demo) return;
    if (reach === 'public' && secure) return;
    if (reach === 'private' && secure && literal) return;
    throw new DestinationRefused(`a ${reach} address may not be called`);
  }
}

/** The address to connect to, once all that a name has were checked. @throws DestinationRefused */
export function onlyAddress(found: readonly Address[], check: (address: string) => void): Address {
  const [first] = found;
  if (!first) throw new DestinationRefused('the name has no address');
  for (const { address } of found) check(address);
  return first;
}

function baseOf({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/$/, '')}`;
}

/** The host as it is written; undefined for figures of IPv6 and anything odd. */
export function hostIn(url: string): string | undefined {
  return /^https?:\/\/([a-z0-9.-]+)(?::[0-9]+)?(?:\/|$)/.exec(url)?.[1];
}
