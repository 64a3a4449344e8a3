import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

// https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
const PRIVATE_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '168.63.129.16/32',
];
const PRIVATE_V6 = ['::/128', '::1/128', '64:ff9b::/96', '100::/64', '2001:db8::/32', 'fc00::/7'];
const PRIVATE_V6_LINK = ['fe80::/10', 'ff00::/8'];

const blocked = new BlockList();
for (const [type, ranges] of [
  ['ipv4', PRIVATE_V4],
  ['ipv6', [...PRIVATE_V6, ...PRIVATE_V6_LINK]],
] as const) {
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/');
    blocked.addSubnet(network, Number(bits), type);
  }
}

/** Returns whether a service on the internet would call this IP address, given as text. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  return !blocked.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** Thrown if a name resolves to an address that is not public. */
export class PrivateAddressError extends Error {
  constructor(host: string) {
    super(`${host} points to an address that is not public`);
    this.name = 'PrivateAddressError';
  }
}

/**
 * Resolves a name, for a request's `lookup`: the request uses the address that was checked, so the name cannot change
 * in between. Fails with {@link PrivateAddressError} if one of its addresses is not public.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) {
      callback(error ?? new Error(`${hostname} has no address`), '', 0);
    } else if (!addresses.every(({ address }) => isPublicAddress(address))) {
      callback(new PrivateAddressError(hostname), '', 0);
    } else if (options.all === true) {
      callback(null, [...addresses]);
    } else {
      callback(null, first.address, first.family);
    }
  });
};
