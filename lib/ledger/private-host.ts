import ipaddr from 'ipaddr.js';

/**
 * Names that the public DNS does not answer: of one label, as containers have, or with one of these endings
 * (https://www.rfc-editor.org/rfc/rfc6761#section-6, https://www.rfc-editor.org/rfc/rfc6762#appendix-G,
 * https://www.rfc-editor.org/rfc/rfc8375; `svc` is that of services in Kubernetes).
 */
const PRIVATE_NAME =
  /^(?!\d+$|0x)[^.:]+$|\.(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|svc)$/i;

/**
 * Ranges of addresses that no other network reaches: https://www.rfc-editor.org/rfc/rfc1918#section-3,
 * https://www.rfc-editor.org/rfc/rfc3927, https://www.rfc-editor.org/rfc/rfc4193.
 */
const PRIVATE_RANGES: ReadonlySet<string | undefined> = new Set([
  ...['loopback', 'private', 'linkLocal', 'uniqueLocal'],
]);

/**
 * Returns whether `host` is on this machine: a folder of Unix sockets, a loopback address or its name.
 *
 * @param host a name, an address without brackets, or an absolute path.
 */
export function isThisMachine(host: string): boolean {
  return /^\/|^(?:.+\.)?localhost$/i.test(host) || readRange(host) === 'loopback';
}

/**
 * Returns whether `host` is on this machine or a private network. A name is judged by what it is, and not looked up.
 *
 * @param host as for {@link isThisMachine}.
 */
export function isPrivateHost(host: string): boolean {
  return isThisMachine(host) || PRIVATE_RANGES.has(readRange(host)) || PRIVATE_NAME.test(host);
}

/** Returns the range of an address, in whatever way it is written; undefined of a name. */
function readRange(host: string): string | undefined {
  return ipaddr.isValid(host) ? ipaddr.process(host).range() : undefined;
}
