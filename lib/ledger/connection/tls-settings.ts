import { X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { SslMode, UrlParameters } from './url-parameters.ts';

/** Whether TLS is used, how it is verified, and which setting requires it. */
export interface TlsSettings {
  /**
   * `off`: no TLS. `offered`: if the server offers it. `unchecked`: always, with any certificate. `chain`: with a
   * certificate from a trusted authority. `full`: with one that is also for this host.
   */
  readonly mode: 'off' | 'offered' | 'unchecked' | 'chain' | 'full';
  /** The setting that requires it, such as `sslmode`; for messages that say what to change. */
  readonly because: string;
  /** Certificates of authorities, as PEM; undefined for the authorities that Node.js trusts. */
  readonly authorities: readonly string[] | undefined;
  readonly minVersion: 'TLSv1.3' | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * Returns the certificates in a text as PEM, or undefined if it has none, or a broken one. Line ends may be missing, or
 * be a backslash and an "n", as happens in files of variables.
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

/** Returns the settings of TLS that cannot be met, as predicates of `DATABASE_URL`. */
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
 * Returns how TLS is used for `hosts`: as in libpq, except for a host that is neither on this machine nor on a private
 * network. The certificate of such a host is verified unless the URL says otherwise, and a connection never continues
 * without TLS because the answer to the request for it was no, since an attacker on the way could give that answer.
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
  // The data do not leave the machine: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLMODE
  if (hosts.every((host) => host.startsWith('/'))) return { mode: 'off', because: 'its host' };
  if (verifyBy !== undefined) return { mode: 'full', because: verifyBy };
  const isPrivate = hosts.every(isPrivateHost);
  const always = hasAuthorities ? 'chain' : 'unchecked';
  const modes: Readonly<Record<SslMode, TlsSettings['mode']>> = {
    disable: 'off',
    prefer: isPrivate ? 'offered' : always,
    require: always,
    // A public authority issues certificates to anyone, so only the name identifies the server.
    'verify-ca': hasAuthorities ? 'chain' : 'full',
    'verify-full': 'full',
  };
  if (sslmode !== undefined) return { mode: modes[sslmode], because: sslmodeBy };
  if (hasAuthorities) return { mode: 'full', because: 'DATABASE_CA' };
  if (!isPrivate) return { mode: 'full', because: 'a host outside private networks' };
  return { mode: hosts.every(isThisMachine) ? 'off' : 'offered', because: 'its host' };
}

/**
 * Names that the public DNS does not resolve: with one label, as containers have, or with one of these endings
 * (https://www.rfc-editor.org/rfc/rfc6761#section-6, https://www.rfc-editor.org/rfc/rfc6762#appendix-G,
 * https://www.rfc-editor.org/rfc/rfc8375; `svc` is that of services in Kubernetes).
 */
const PRIVATE_NAME =
  /^(?!\d+$|0x)[^.:]+$|\.(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|svc)$/i;

/**
 * Ranges of addresses that cannot be reached from other networks: https://www.rfc-editor.org/rfc/rfc1918#section-3,
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
 * Returns whether `host` is on this machine or a private network. A name is checked as text, and not looked up.
 *
 * @param host as for {@link isThisMachine}.
 */
function isPrivateHost(host: string): boolean {
  return isThisMachine(host) || PRIVATE_RANGES.has(readRange(host)) || PRIVATE_NAME.test(host);
}

/** Returns the range of an address, in any notation; undefined for a name. */
function readRange(host: string): string | undefined {
  return ipaddr.isValid(host) ? ipaddr.process(host).range() : undefined;
}
