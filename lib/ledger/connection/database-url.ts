import { userInfo } from 'node:os';
import { LedgerError } from '../ledger-error.ts';
import { chooseTls, explainTls, readAuthorities, type TlsSettings } from './tls-settings.ts';
import { URL_PARAMETERS, type UrlParameters } from './url-parameters.ts';

/** A server to try. */
export interface DatabaseHost {
  /** A name, an address without brackets, or the absolute path of a folder of Unix sockets. */
  readonly name: string;
  readonly port: number;
}

/** Address of a database, and how to connect to it. */
export interface DatabaseSettings {
  /** At least one, in the order in which they are tried. */
  readonly hosts: readonly [DatabaseHost, ...DatabaseHost[]];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsSettings;
  /** Whether a pooler is known to be between this service and the server. */
  readonly isPooled: boolean;
  readonly applicationName: string;
  /** Longest wait for a connection. */
  readonly connectSeconds: number;
  /** Settings of the session, under the server's names. */
  readonly session: Readonly<Record<string, string>>;
}

/** What is wrong with a variable, as a predicate that does not quote secrets. */
interface DatabaseProblem {
  readonly variable: 'DATABASE_URL' | 'DATABASE_CA';
  readonly message: string;
}

/** The settings in the variables, or all errors in them. */
export type DatabaseUrl =
  | { readonly settings: DatabaseSettings; readonly problems?: undefined }
  | { readonly settings?: undefined; readonly problems: readonly DatabaseProblem[] };

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
const DEFAULT_PORT = 5432;
const CONNECT_SECONDS = 5;
const APPLICATION_NAME = 'vod-upload';

const ENCODE =
  'percent-encode special characters, in user and password above all: % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, a space as %20';

/** Text that users leave around or in a URL by mistake, and what to do about it. */
const LEFTOVERS: readonly (readonly [RegExp, string])[] = [
  // The names of drivers are those of SQLAlchemy: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls.
  [
    /^(?!postgres(?:ql)?(?:\+\w+)?:\/\/)|["'`]$/i,
    'must be a URL that begins with postgres:// or postgresql:// and names a host, without quotes around it and without jdbc: or psql before it',
  ],
  [/#/, `has a # in it: ${ENCODE}`],
  [/^[^?]*\s|[\r\n]/, `has white space in it: ${ENCODE}`],
  [
    /:(?:\[[^\]@]*[g-z][^\]@]*\]|<[^>@]*>)@/i,
    'has a password in brackets, like a placeholder that was not filled in: write the password itself, and brackets that belong to it as %5B, %5D, %3C and %3E',
  ],
];

/**
 * Reads `DATABASE_URL` as libpq does, and also the variants that providers and clients of other languages write.
 *
 * @param ca `DATABASE_CA`: certificates of the server's authorities, as PEM.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export function readDatabaseUrl(text: string, ca?: string): DatabaseUrl {
  const authorities = ca === undefined ? undefined : readAuthorities(ca);
  const problems: DatabaseProblem[] = [];
  if (ca !== undefined && authorities === undefined) {
    const message =
      'must be certificates as PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----';
    problems.push({ variable: 'DATABASE_CA', message });
  }
  const read = readUrl(text.trim(), authorities);
  if (!('user' in read)) {
    problems.push(...read.map((message) => ({ variable: 'DATABASE_URL', message }) as const));
  } else if (problems.length === 0) return { settings: read };
  return { problems };
}

/**
 * Returns the settings in the variables.
 *
 * @throws {LedgerError} if they are wrong.
 */
export function demandDatabase(variables: {
  readonly databaseUrl: string;
  readonly databaseCa?: string | undefined;
}): DatabaseSettings {
  const { settings, problems } = readDatabaseUrl(variables.databaseUrl, variables.databaseCa);
  if (settings !== undefined) return settings;
  const wrong = problems.map(({ variable, message }) => `${variable} ${message}`).join('; ');
  throw new LedgerError(`The database cannot be used: ${wrong}.`, {
    code: 'DATABASE_URL',
    isTransient: false,
  });
}

type Messages = readonly string[];

function readUrl(url: string, ca: readonly string[] | undefined): DatabaseSettings | Messages {
  const leftover = LEFTOVERS.find(([pattern]) => pattern.test(url));
  if (leftover !== undefined) return [leftover[1]];
  try {
    return readParts(url, ca);
  } catch (error) {
    // Messages of other errors quote the text, and it contains a password.
    if (error instanceof URIError)
      return [
        `has a % that is not followed by the two hexadecimal digits of a character: ${ENCODE}`,
      ];
    if (error instanceof SyntaxError) return [error.message];
    throw error;
  }
}

/** @throws {SyntaxError} with its own message, or {URIError} from `decodeURIComponent`. */
function readParts(url: string, ca: readonly string[] | undefined): DatabaseSettings | Messages {
  const [, authority = '', path = '', query = ''] =
    /^[^/]+\/\/([^/?]*)(?:\/([^?]*?)\/?)?(?:\?(.*))?$/.exec(url) ?? [];
  if (/[/@]/.test(path)) {
    throw new SyntaxError(`has a / or an @ where the name of the database is: ${ENCODE}`);
  }
  // No host contains an "@", so the host begins after the last one, even if the password contains some.
  const at = authority.lastIndexOf('@');
  const [, user = '', password = ''] =
    /^([^:]*):?(.*)$/.exec(authority.slice(0, Math.max(at, 0))) ?? [];
  const { parameters, problems } = readUrlQuery(query);
  const wrong = [...problems, ...explainTls(parameters, ca !== undefined)];
  if (wrong.length > 0) return wrong;

  const { parts } = parameters;
  const hosts =
    parts.host === undefined
      ? readHosts(authority.slice(at + 1), parts.port)
      : pairHosts(parts.host.split(','), parts.port);
  const name = refuseNull(parts.user ?? decodeURIComponent(user)) || findUser();
  return {
    hosts,
    user: name,
    password: refuseNull(parts.password ?? decodeURIComponent(password)),
    // https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-DBNAME
    database: refuseNull(parts.dbname ?? decodeURIComponent(path)) || name,
    tls: chooseTls(
      hosts.map((host) => host.name),
      parameters,
      ca,
    ),
    isPooled: parameters.isPooled,
    applicationName: parameters.applicationName ?? APPLICATION_NAME,
    connectSeconds: parameters.connectSeconds || CONNECT_SECONDS,
    session: parameters.settings,
  };
}

/** A host of a URL: an address in brackets or a name, and its port. */
const HOST = /^(?:\[([\da-f:.]+(?:%25\w+)?)\]|([^[\]:]*))(?::(\d*))?$/i;
const NAME = /^(?:\/.*|[\p{L}\p{N}._:%-]+)$/u;

function readHosts(list: string, defaultPorts?: string): DatabaseSettings['hosts'] {
  const found = list.split(',').map((text) => {
    const [whole, address, name = '', port] = HOST.exec(text) ?? [];
    if (whole === undefined)
      throw new SyntaxError(
        `has a host that cannot be read: write name:port or [IPv6 address]:port, and ${ENCODE}`,
      );
    return { name: decodeURIComponent(address ?? name), port };
  });
  const ports = found.map(({ port }) => port).some(Boolean)
    ? found.map(({ port = '' }) => port).join(',')
    : defaultPorts;
  return pairHosts(
    found.map(({ name }) => name),
    ports,
  );
}

/** Returns each host with its port, or with the only port given. */
function pairHosts(names: readonly string[], ports = ''): DatabaseSettings['hosts'] {
  const list = ports.split(',');
  const [first, ...others] = names.map((name, place) => {
    if (!NAME.test(name))
      throw new SyntaxError('must name a host, as postgres://user:password@host:5432/database');
    const port = Number((list.length === 1 ? list[0] : list[place]) || DEFAULT_PORT);
    if (Number.isInteger(port) && port > 0 && port < 2 ** 16) return { name, port };
    throw new SyntaxError('has a port that is no number from 1 to 65535');
  });
  if (first === undefined) throw new SyntaxError('must name a host');
  return [first, ...others];
}

/** The protocol ends each text with a null byte, so a text must not contain one. */
function refuseNull(text: string): string {
  if (text.includes('\0')) throw new SyntaxError('must not have a %00 in it');
  return text;
}

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-USER */
function findUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    // A container may run under a user id without a name.
    const message = 'must name a user, as postgres://user:password@host:5432/database';
    throw new SyntaxError(message, { cause });
  }
}

/** A name that may be quoted: the rest of a password with a "?" in it mostly looks different. */
const TELLABLE = /^[A-Za-z][\w.-]{0,63}$/;

/**
 * Returns the parameters in the query of a URL, and all errors in it as predicates of the URL, which quote only names
 * of parameters.
 *
 * @throws {URIError} if a percent sign does not begin a character.
 */
function readUrlQuery(query: string): {
  readonly parameters: UrlParameters;
  readonly problems: readonly string[];
} {
  const parameters: UrlParameters = { parts: {}, isPooled: false, settings: {} };
  const problems = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/.exec(pair) ?? [];
      const told = decodeURIComponent(name);
      // If a password contains a "?", its end, up to the "@" before the host, is read as a query.
      const known =
        TELLABLE.test(told) && (URL_PARAMETERS.has(told.toLowerCase()) || !query.includes('@'));
      return known
        ? readParameter(parameters, told, decodeURIComponent(value))
        : 'has a ? or & with something after it that is no parameter: in user and password, percent-encode ? as %3F and & as %26';
    });
  return { parameters, problems: problems.filter((problem) => problem !== undefined) };
}

function readParameter(parameters: UrlParameters, name: string, value: string): string | undefined {
  const rule = URL_PARAMETERS.get(name.toLowerCase());
  if (rule === undefined)
    return `must not have the parameter ${name}, which is not known here: leave it out`;
  // As in libpq, an empty value counts as missing.
  if (rule === 'left out' || value === '') return undefined;
  if (typeof rule === 'object') return `must not have the parameter ${name}: ${rule.refusal}`;
  const wrong = value.includes('\0') ? 'must not have a %00 in it' : rule(parameters, value, name);
  return wrong === undefined ? undefined : `has the parameter ${name}, whose value ${wrong}`;
}
