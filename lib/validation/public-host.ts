import ipaddr from 'ipaddr.js';

/**
 * Endings of names that the public DNS does not answer, or answers differently inside a network. Names for
 * documentation such as `example.com` are not among them: they are delegated like any other.
 *
 * @see https://www.iana.org/assignments/special-use-domain-names
 */
const LOCAL_ENDINGS: ReadonlySet<string> = new Set([
  // https://www.rfc-editor.org/rfc/rfc6761#section-6
  ...['localhost', 'test', 'invalid', 'example'],
  // https://www.rfc-editor.org/rfc/rfc6762#appendix-G: in use in private networks, beside the reserved `local`.
  ...['local', 'intranet', 'internal', 'private', 'corp', 'home', 'lan'],
  // What hosts files call the machine itself; no such domain is delegated.
  'localdomain',
  // https://www.rfc-editor.org/rfc/rfc3172: names of the network's own, `home.arpa` (RFC 8375) among them.
  'arpa',
  // https://www.rfc-editor.org/rfc/rfc7686, https://www.rfc-editor.org/rfc/rfc9476: not in the DNS at all.
  ...['onion', 'alt'],
  // Never delegated, since private networks use it: https://www.icann.org/resources/board-material/resolutions-2018-02-04-en#2.c
  'mail',
  // What the search list of a Kubernetes pod completes: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
  ...['svc', 'pod'],
  // https://developer.hashicorp.com/consul/docs/discover/dns, https://fly.io/docs/networking/flycast/
  ...['consul', 'flycast'],
]);

/**
 * Domains whose names serve the machines of a cloud alone, though the domain above them is public. VOD pulls from
 * inside Tencent Cloud, where the first one's tell about the machine, and the second one's are its APIs.
 */
const CLOUD_DOMAINS: readonly string[] = [
  // https://cloud.tencent.com/document/product/213/4934
  'tencentyun.com',
  // https://cloud.tencent.com/document/product/614/18940
  'internal.tencentcloudapi.com',
  // Another name of metadata.google.internal: https://cloud.google.com/compute/docs/metadata/querying-metadata.
  'metadata.goog',
];

/**
 * Addresses that look public, and lead to the cloud that a machine is in.
 *
 * @see https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const CLOUD_ADDRESSES: readonly string[] = ['168.63.129.16'];

/** https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, less the length bytes at both ends. */
const MAX_NAME_LENGTH = 253;

/** RFC 1123 and the underscore, which names of storage buckets have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** https://www.rfc-editor.org/rfc/rfc3696#section-2: letters alone, or a name in other letters by its ASCII form. */
const TOP_LABEL = /^(?:[a-z]{2,}|xn--.+)$/;

const DOTTED_ADDRESS = /^\d+(?:\.\d+){3}$/;

/**
 * Returns what is wrong with `host` as one on the public internet, or undefined where it may be one. Names are judged
 * by what they are, not looked up: what an allowed name resolves to is known only when VOD pulls.
 *
 * @param host `hostname` of a URL, which writes every spelling of an address in one way.
 */
export function explainHost(host: string): string | undefined {
  if (host.startsWith('[') || DOTTED_ADDRESS.test(host)) {
    return isGlobalAddress(host)
      ? undefined
      : `must have a host on the public internet; ${host} is not a globally routable address`;
  }
  const labels = host.split('.');
  const top = labels.at(-1) ?? '';
  if (
    host.length > MAX_NAME_LENGTH ||
    !labels.every((label) => LABEL.test(label)) ||
    !TOP_LABEL.test(top)
  ) {
    return `must have a host name of at most ${MAX_NAME_LENGTH} characters, in labels of 1 to 63 letters, digits, underscores and inner hyphens, the last one of letters`;
  }
  return explainName(host, labels.length, top);
}

function explainName(host: string, labels: number, top: string): string | undefined {
  if (LOCAL_ENDINGS.has(top)) {
    return `must have a host on the public internet; names that end in "${top}" are not`;
  }
  if (labels === 1) {
    return 'must have a host on the public internet, by its full name with at least one dot';
  }
  const domain = CLOUD_DOMAINS.find((each) => host === each || host.endsWith(`.${each}`));
  return domain === undefined
    ? undefined
    : `must have a host on the public internet; the names of ${domain} serve the machines of a cloud alone`;
}

function isGlobalAddress(host: string): boolean {
  if (!host.startsWith('[')) {
    if (CLOUD_ADDRESSES.includes(host)) return false;
    return ipaddr.IPv4.isValid(host) && ipaddr.IPv4.parse(host).range() === 'unicast';
  }
  const text = host.slice(1, -1);
  if (!ipaddr.IPv6.isValid(text)) return false;
  const address = ipaddr.IPv6.parse(text);
  // Only 2000::/3 is global unicast (https://www.iana.org/assignments/ipv6-address-space); ranges that have no name,
  // among them IPv4-compatible addresses, count as unicast otherwise.
  return address.range() === 'unicast' && (address.parts[0] ?? 0) >> 13 === 1;
}
