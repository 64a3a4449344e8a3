import { domainToUnicode } from 'node:url';
import { isGlobalAddress } from './global-address.ts';
import { matchesHost } from './host-pattern.ts';
import { MAX_URL_BYTES } from './limits.ts';

/** Hosts and ports from which media may be pulled. */
export interface UrlPolicy {
  /** Patterns of hosts for `matchesHost`; without a list every public host is allowed, with an empty list none. */
  readonly hosts?: readonly string[] | undefined;
  /** Ports in addition to the default ones of http and https. */
  readonly ports?: readonly number[] | undefined;
}

/** A URL that may be passed on, exactly as written here. */
export interface MediaUrl {
  /** The normalised URL: ASCII, without user info and fragment; it normalises to itself. */
  readonly href: string;
  /** Host without its port: a name in ASCII and lower case, or an address in its normal form. */
  readonly host: string;
  /** Extension of the path's last segment in lower case, decoded and without its dot; empty if there is none. */
  readonly extension: string;
}

/** What is wrong with a text as a URL; the reason follows the name of the field, and quotes at most the host. */
export interface RefusedUrl {
  readonly reason: string;
}

/** Characters that are invisible, are removed by normalisation, and are read differently by different parsers. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u;

/** What most URLs have alone: an expression that costs less to compile than the one above. */
const VISIBLE_ASCII = /^[!-[\]-~]*$/;

/** Two slashes exactly: normalisation would add missing ones and drop others. */
const AUTHORITY = /^https?:\/\/([^/?]+)/i;

const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;

/**
 * Returns `text` as a normalised URL, or the reason why media must not be pulled from it.
 *
 * The text is checked first, since normalisation (https://url.spec.whatwg.org/) hides what these rules look for. The
 * host is checked after normalisation, when an address has one form and a name is in ASCII.
 */
export function checkPublicUrl(text: string, policy: UrlPolicy): MediaUrl | RefusedUrl {
  const malformed = explainText(text);
  if (malformed !== undefined) return { reason: malformed };
  if (!URL.canParse(text) || hasFalseLabel(new URL(text).hostname)) {
    return { reason: 'must be a URL with a valid host and port' };
  }

  const url = new URL(text);
  const reason = explainLength(url.href) ?? explainTarget(url, policy);
  if (reason !== undefined) return { reason };
  return { href: url.href, host: url.hostname, extension: readExtension(url.pathname) };
}

function explainText(text: string): string | undefined {
  const tooLong = explainLength(text);
  if (tooLong !== undefined) return tooLong;
  if (!VISIBLE_ASCII.test(text) && UNSEEN.test(text)) {
    return 'must not have white space, control characters, invisible characters or backslashes; percent-encode them';
  }
  if (text.includes('#')) return 'must not have a fragment: leave out "#" and what follows';
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined) return 'must begin with http:// or https:// and a host';
  if (authority.includes('@')) return 'must not have a user name or password before its host';
  if (authority.includes('%')) return 'must not have percent-encoded characters in its host';
  return undefined;
}

/**
 * Returns whether a label of `host` looks like the ASCII form of another label, but is not a valid one. Some versions
 * of Node.js refuse such a host when they parse its URL, and others leave it as it is:
 * https://www.unicode.org/reports/tr46/#Validity_Criteria.
 */
function hasFalseLabel(host: string): boolean {
  return domainToUnicode(host)
    .split('.')
    .some((label) => label.startsWith('xn--'));
}

function explainTarget(url: URL, policy: UrlPolicy): string | undefined {
  const { hostname, port, pathname } = url;
  const reason = explainHost(hostname);
  if (reason !== undefined) return reason;
  if (policy.hosts !== undefined && !policy.hosts.some((host) => matchesHost(hostname, host))) {
    return `must have a host that is allowed here; ${hostname} is not`;
  }
  const ports = policy.ports ?? [];
  // Normalisation removes the default port of the scheme.
  if (port !== '' && !ports.includes(Number(port))) {
    return `must use ${['the default port of its scheme', ...ports].join(' or ')}`;
  }
  if (ENCODED_CONTROL.test(pathname)) {
    return 'must not have percent-encoded control characters in its path';
  }
  return undefined;
}

function explainLength(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  return bytes <= MAX_URL_BYTES
    ? undefined
    : `must have at most ${MAX_URL_BYTES} bytes, percent-encoded where it has to be; it has ${bytes}`;
}

function readExtension(path: string): string {
  const name = decode(path.slice(path.lastIndexOf('/') + 1));
  const dot = name.lastIndexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1).toLowerCase();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Returns what is wrong with `text` as the URL of a cover that this service itself fetches, or undefined if it is
 * valid. It must be https, since what http delivers is not authenticated.
 */
export function explainCoverUrl(text: string): string | undefined {
  const checked = checkPublicUrl(text, {});
  if ('reason' in checked) return checked.reason;
  return checked.href.startsWith('https:') ? undefined : 'must begin with https://';
}

/**
 * Endings of names that the public DNS does not resolve, or that resolve differently inside a network. Names for
 * documentation such as `example.com` are not in the list: they are delegated like any other.
 *
 * @see https://www.iana.org/assignments/special-use-domain-names
 */
const LOCAL_ENDINGS: ReadonlySet<string> = new Set([
  // https://www.rfc-editor.org/rfc/rfc6761#section-6
  ...['localhost', 'test', 'invalid', 'example'],
  // https://www.rfc-editor.org/rfc/rfc6762#appendix-G: in use in private networks, in addition to the reserved `local`.
  ...['local', 'intranet', 'internal', 'private', 'corp', 'home', 'lan'],
  // The name of the machine itself in hosts files; no such domain is delegated.
  'localdomain',
  // https://www.rfc-editor.org/rfc/rfc3172: names of network infrastructure, including `home.arpa` (RFC 8375).
  'arpa',
  // https://www.rfc-editor.org/rfc/rfc7686, https://www.rfc-editor.org/rfc/rfc9476: not in the DNS at all.
  ...['onion', 'alt'],
  // Never delegated, since private networks use it: https://www.icann.org/resources/board-material/resolutions-2018-02-04-en#2.c
  'mail',
  // Names that the search list of a Kubernetes pod completes:
  // https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
  ...['svc', 'pod'],
  // https://developer.hashicorp.com/consul/docs/discover/dns, https://fly.io/docs/networking/flycast/
  ...['consul', 'flycast'],
]);

/**
 * Domains whose names are only for machines inside a cloud, though their parent domain is public. VOD pulls from inside
 * Tencent Cloud, where names of the first domain serve metadata of the machine, and those of the second are its APIs.
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
 * The same for names that are internal by a label within them: addresses of functions, and of storage buckets.
 *
 * @see https://cloud.tencent.com/document/product/583/96099
 * @see https://cloud.tencent.com/document/product/436/38866
 */
const CLOUD_NAMES = /(?:\.in\.[^.]+\.tencentscf\.com|(?:^|\.)cos-internal\.[^.]+\.tencentcos\.cn)$/;

/** https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, minus the length bytes at both ends. */
const MAX_NAME_LENGTH = 253;

/** RFC 1123 and the underscore, which names of storage buckets have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** https://www.rfc-editor.org/rfc/rfc3696#section-2: letters only, or the ASCII form of a name in other scripts. */
const TOP_LABEL = /^(?:[a-z]{2,}|xn--.+)$/;

const DOTTED_ADDRESS = /^\d+(?:\.\d+){3}$/;

/**
 * Returns what is wrong with `host` as a host on the public internet, or undefined if it may be one. Names are checked
 * as text and not looked up: what an allowed name resolves to is known only when VOD pulls.
 *
 * @param host `hostname` of a URL, in which an address has one form.
 */
export function explainHost(host: string): string | undefined {
  if (host.startsWith('[') || DOTTED_ADDRESS.test(host)) {
    return isGlobalAddress(host.replace(/^\[(.*)\]$/, '$1'))
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
  const domain =
    CLOUD_DOMAINS.find((each) => host === each || host.endsWith(`.${each}`)) ??
    CLOUD_NAMES.exec(host)?.[0].replace(/^\./, '');
  return domain === undefined
    ? undefined
    : `must have a host on the public internet; names below ${domain} are internal to a cloud`;
}
