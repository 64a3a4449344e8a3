import { X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { SslMode, UrlParameters } from './url-parameters.ts';

/** How much of TLS there is, and what asks for it. */
export interface TlsSettings {
  /**
   * `off`: none. `offered`: where the server has it. `unchecked`: always, whatever its certificate. `chain`: with a
   * certificate that an authority vouches for. `full`: with one that is for this host, too.
   */
  readonly mode: 'off' | 'offered' | 'unchecked' | 'chain' | 'full';
  /** What asks for it, as `sslmode`; for sentences that say what to change. */
  readonly because: string;
  /** Certificates of authorities, as PEM; undefined for those that Node.js trusts. */
  readonly authorities: readonly string[] | undefined;
  readonly minVersion: 'TLSv1.3' | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * Returns the certificates in a text as PEM, or undefined where it has none, or one that is broken. Their lines may have
 * been lost, or be ended by a backslash and an "n", as happens on the way through files of variables.
 */
export function readAuthorities(text: string): readonly string[] | undefined {
  try {
    const certificates = [...text.matchAll(CERTIFICATE)].map(([, base64 = '']) => {
      const bytes = Buffer.from(base64.replaceAll(/\\[nr]|\s/g, ''), 'base64');
      return new X509Certificate(bytes).toString();
    });
    return certificates.length > 0 ? certificates : undefined;
  } catch {
    return undefined;
  }
}

/** Returns what of the wishes for TLS cannot be, in predicates of `DATABASE_URL`. */
export function explainTls(parameters: UrlParameters, hasAuthorities: boolean): readonly string[] {
  const { sslmode, sslmodeBy, verifyBy, fileBy } = parameters;
  if (sslmode === 'disable') {
    return verifyBy === undefined
      ? []
      : [`must not switch TLS off by ${sslmodeBy} and ask for it by ${verifyBy}: leave one out`];
  }
  if (fileBy === undefined || hasAuthorities) return [];
  return [
    `must not have the parameter ${fileBy} with a file, which a function does not have: set DATABASE_CA to the text of that file`,
  ];
}

/**
 * Returns how much of TLS there is towards `hosts`: what libpq does, but for a host that is neither on this machine nor
 * on a private network. That one is reached with a certificate that is checked unless the URL says otherwise, and never
 * without TLS because the answer to the question for it, which anybody in between may give, was no.
 *
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export function chooseTls(
  hosts: readonly string[],
  parameters: UrlParameters,
  authorities: readonly string[] | undefined,
): TlsSettings {
  const { mode, because } = chooseMode(hosts, parameters, authorities !== undefined);
  return { mode, because, authorities, minVersion: parameters.minTlsVersion };
}

function chooseMode(
  hosts: readonly string[],
  { sslmode, sslmodeBy = '', verifyBy }: UrlParameters,
  hasAuthorities: boolean,
): Pick<TlsSettings, 'mode' | 'because'> {
  // Nothing leaves the machine: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLMODE
  if (hosts.every((host) => host.startsWith('/'))) return { mode: 'off', because: 'its host' };
  if (verifyBy !== undefined) return { mode: 'full', because: verifyBy };
  const isPrivate = hosts.every(isPrivateHost);
  const always = hasAuthorities ? 'chain' : 'unchecked';
  const modes: Readonly<Record<SslMode, TlsSettings['mode']>> = {
    disable: 'off',
    prefer: isPrivate ? 'offered' : always,
    require: always,
    // Of an authority that vouches for everybody, the name is all that tells one from another.
    'verify-ca': hasAuthorities ? 'chain' : 'full',
    'verify-full': 'full',
  };
  if (sslmode !== undefined) return { mode: modes[sslmode], because: sslmodeBy };
  if (hasAuthorities) return { mode: 'full', because: 'DATABASE_CA' };
  if (!isPrivate) return { mode: 'full', because: 'a host outside private networks' };
  return { mode: hosts.every(isThisMachine) ? 'off' : 'offered', because: 'its host' };
}

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
function isThisMachine(host: string): boolean {
  return /^\/|^(?:.+\.)?localhost$/i.test(host) || readRange(host) === 'loopback';
}

/**
 * Returns whether `host` is on this machine or a private network. A name is judged by what it is, and not looked up.
 *
 * @param host as for {@link isThisMachine}.
 */
function isPrivateHost(host: string): boolean {
  return isThisMachine(host) || PRIVATE_RANGES.has(readRange(host)) || PRIVATE_NAME.test(host);
}

/** Returns the range of an address, in whatever way it is written; undefined of a name. */
function readRange(host: string): string | undefined {
  return ipaddr.isValid(host) ? ipaddr.process(host).range() : undefined;
}
