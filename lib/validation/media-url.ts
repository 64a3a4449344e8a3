import { domainToUnicode } from 'node:url';
import { matchesHost } from './host-pattern.ts';
import { MAX_URL_BYTES } from './limits.ts';
import { explainHost } from './public-host.ts';

/** Where media may be pulled from. */
export interface UrlPolicy {
  /** Patterns of hosts as `matchesHost` reads them; without a list every public host is allowed, with an empty one none. */
  readonly hosts?: readonly string[] | undefined;
  /** Ports beside the default ones of http and https. */
  readonly ports?: readonly number[] | undefined;
}

/** A URL that may be handed on, exactly as written here. */
export interface MediaUrl {
  /** The normalised URL: ASCII, without user info and fragment; it normalises to itself. */
  readonly href: string;
  /** Host without its port: a name in ASCII and lower case, or an address in its one spelling. */
  readonly host: string;
  /** Extension of the path's last segment in lower case, decoded and without its dot; empty where it has none. */
  readonly extension: string;
}

/** What is wrong with a text as a URL; its reason goes on from the name of the field, and quotes at most the host. */
export interface RefusedUrl {
  readonly reason: string;
}

/** What neither shows nor survives normalisation, and is read by one parser and not by the next. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u;

/** Two slashes exactly: normalisation would add missing ones and drop others. */
const AUTHORITY = /^https?:\/\/([^/?]+)/i;

const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;

/**
 * Returns the URL that `text` is, normalised, or the reason why nothing shall be pulled from it.
 *
 * The rules on texts come first, since normalisation (https://url.spec.whatwg.org/) hides what they look for; those on
 * hosts come after it, so that an address has one spelling and a name is in ASCII.
 */
export function checkMediaUrl(text: string, policy: UrlPolicy): MediaUrl | RefusedUrl {
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
  if (UNSEEN.test(text)) {
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
 * Returns whether a label of `host` claims to be the ASCII form of another one, and is that of none. Some versions of
 * Node.js refuse such a host when they parse its URL, and others leave it as it is:
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
  // Normalisation leaves the port out where it is the scheme's own.
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
 * Returns what is wrong with `text` as the URL of a cover that this service itself fetches, or undefined where nothing
 * is. Nobody signs for what comes by http, so it must be https.
 */
export function explainCoverUrl(text: string): string | undefined {
  const checked = checkMediaUrl(text, {});
  if ('reason' in checked) return checked.reason;
  return checked.href.startsWith('https:') ? undefined : 'must begin with https://';
}
