/**
 * Names that the public DNS does not answer: of one label, as containers have, or with one of these endings
 * (https://www.rfc-editor.org/rfc/rfc6761#section-6, https://www.rfc-editor.org/rfc/rfc6762#appendix-G,
 * https://www.rfc-editor.org/rfc/rfc8375; `svc` is that of services in Kubernetes).
 */
const PRIVATE_NAME =
  /^(?!\d+$|0x)[^.:]+$|\.(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|svc)$/i;

/**
 * Loopback (127/8), private networks (https://www.rfc-editor.org/rfc/rfc1918#section-3) and link-local addresses
 * (https://www.rfc-editor.org/rfc/rfc3927).
 */
const PRIVATE_IPV4 = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+$/;

/** Loopback, unique local (https://www.rfc-editor.org/rfc/rfc4193) and link-local addresses. */
const PRIVATE_IPV6 = /^(?:::1$|f[cd][\da-f]{2}:|fe[89ab][\da-f]:)/i;

/** An IPv4 address that is written as an IPv6 one: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * Returns whether `host` is on this machine: a folder of Unix sockets, a loopback address or its name.
 *
 * @param host a name, an address without brackets, or an absolute path.
 */
export function isThisMachine(host: string): boolean {
  return /^(?:\/|127\.[\d.]+$|::1$|(?:.+\.)?localhost$)/i.test(host.replace(MAPPED, ''));
}

/**
 * Returns whether `host` is on this machine or a private network. A name is judged by what it is, and not looked up.
 *
 * @param host as for {@link isThisMachine}.
 */
export function isPrivateHost(host: string): boolean {
  const plain = host.replace(MAPPED, '');
  return (
    isThisMachine(plain) ||
    PRIVATE_IPV4.test(plain) ||
    PRIVATE_IPV6.test(plain) ||
    PRIVATE_NAME.test(plain)
  );
}
