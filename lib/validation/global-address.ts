import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Addresses that are not on the public internet, or are anycast ones of its infrastructure.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24'],
  // Multicast, and what is reserved: https://www.iana.org/assignments/ipv4-address-space.
  '224.0.0.0/3',
  // Looks public, but belongs to the cloud that a machine is in:
  // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '168.63.129.16/32',
];

/** Only this is global unicast: https://www.iana.org/assignments/ipv6-address-space. */
const UNICAST_IPV6 = ['2000::/3'];

/** What is special in it: https://www.iana.org/assignments/iana-ipv6-special-registry. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function listRanges(): {
  readonly special: BlockList;
  readonly unicast: BlockList;
} {
  const [special, unicast] = [new BlockList(), new BlockList()];
  add(special, SPECIAL_IPV4, 'ipv4');
  add(special, SPECIAL_IPV6, 'ipv6');
  add(unicast, UNICAST_IPV6, 'ipv6');
  return { special, unicast };
}

function add(list: BlockList, ranges: readonly string[], family: 'ipv4' | 'ipv6'): void {
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), family);
  }
}

let ranges: ReturnType<typeof listRanges> | undefined;

/** Returns whether `address` is one of the public internet; false for a text that is not an address. */
export function isGlobalAddress(address: string): boolean {
  // Few hosts are addresses, so most instances never need the lists.
  ranges ??= listRanges();
  if (isIPv4(address)) return !ranges.special.check(address, 'ipv4');
  if (!isIPv6(address)) return false;
  return ranges.unicast.check(address, 'ipv6') && !ranges.special.check(address, 'ipv6');
}
