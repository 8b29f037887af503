import { BlockList, isIP } from 'node:net';

type Range = readonly [first: string, bits: number];

/** IANA's special-purpose registries, as far as they are not globally reachable. Private networks stand apart. */
const special4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const private4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
/** Inside 2000::/3, the only part that is handed out: protocol use, documentation, and IPv4 in disguise. */
const special6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const lists = {
  loopback: listOf([['127.0.0.0', 8]], [['::1', 128]]),
  private: listOf(private4, [['fc00::', 7]]),
  special: listOf(special4, special6),
  handedOut: listOf([], [['2000::', 3]]),
};

/** What an address is, as far as it matters to whether it may be called. */
export type Reach = 'public' | 'private' | 'loopback' | 'special';

/** The reach of an IP address; IPv4 inside IPv6 (`::ffff:0:0/96`) counts as special, and so does no address. */
export function reachOf(address: string): Reach {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return 'special';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (version === 6 && address.toLowerCase().startsWith('::ffff:')) return 'special';
  if (lists.loopback.check(address, family)) return 'loopback';
  if (lists.private.check(address, family)) return 'private';
  if (lists.special.check(address, family)) return 'special';
  if (version === 6 && !lists.handedOut.check(address, family)) return 'special';
  return 'public';
}

function listOf(four: readonly Range[], six: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [first, bits] of four) list.addSubnet(first, bits, 'ipv4');
  for (const [first, bits] of six) list.addSubnet(first, bits, 'ipv6');
  return list;
}
