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

/** Where a database is and how it is reached. */
export interface DatabaseSettings {
  /** In the order in which they are tried; one at least. */
  readonly hosts: readonly [DatabaseHost, ...DatabaseHost[]];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsSettings;
  /** Whether a pooler is known to be in between. */
  readonly isPooled: boolean;
  readonly applicationName: string;
  /** Longest wait for a connection. */
  readonly connectSeconds: number;
  /** Settings of the session, by the names that the server has for them. */
  readonly session: Readonly<Record<string, string>>;
}

/** What is wrong with a variable, as a predicate that quotes nothing secret. */
interface DatabaseProblem {
  readonly variable: 'DATABASE_URL' | 'DATABASE_CA';
  readonly message: string;
}

/** What the variables say, or all that is wrong with them. */
export type DatabaseUrl =
  | { readonly settings: DatabaseSettings; readonly problems?: undefined }
  | { readonly settings?: undefined; readonly problems: readonly DatabaseProblem[] };

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
const DEFAULT_PORT = 5432;
const CONNECT_SECONDS = 5;
const APPLICATION_NAME = 'vod-upload';

const ENCODE =
  'percent-encode special characters, in user and password above all: % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, a space as %20';

/** What is pasted around a URL, or left in one, and what to do about it. */
const LEFTOVERS: readonly (readonly [RegExp, string])[] = [
  // The names of drivers are SQLAlchemy's: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls.
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
 * Reads `DATABASE_URL` as libpq does, with what providers and clients of other languages write beside that.
 *
 * @param ca `DATABASE_CA`: certificates of the authorities that vouch for the server, as PEM.
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
 * Returns what the variables say.
 *
 * @throws {LedgerError} where they are wrong.
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
    isPassing: false,
  });
}

type Messages = readonly string[];

function readUrl(url: string, ca: readonly string[] | undefined): DatabaseSettings | Messages {
  const leftover = LEFTOVERS.find(([pattern]) => pattern.test(url));
  if (leftover !== undefined) return [leftover[1]];
  try {
    return readParts(url, ca);
  } catch (error) {
    // What others say of a text quotes it, and this one holds a password.
    if (error instanceof URIError)
      return [
        `has a % that is not followed by the two hexadecimal digits of a character: ${ENCODE}`,
      ];
    if (error instanceof SyntaxError) return [error.message];
    throw error;
  }
}

/** @throws {SyntaxError} with a sentence of its own, or {URIError} by the language. */
function readParts(url: string, ca: readonly string[] | undefined): DatabaseSettings | Messages {
  const [, authority = '', path = '', query = ''] =
    /^[^/]+\/\/([^/?]*)(?:\/([^?]*?)\/?)?(?:\?(.*))?$/.exec(url) ?? [];
  if (/[/@]/.test(path)) {
    throw new SyntaxError(`has a / or an @ where the name of the database is: ${ENCODE}`);
  }
  // No host has an "@", so the last one is its beginning, whatever the password has.
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

/** Each host with its port, or with the one that there is. */
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

/** The protocol ends each text with a null. */
function refuseNull(text: string): string {
  if (text.includes('\0')) throw new SyntaxError('must not have a %00 in it');
  return text;
}

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-USER */
function findUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    // A container may run under a number that has no name.
    const message = 'must name a user, as postgres://user:password@host:5432/database';
    throw new SyntaxError(message, { cause });
  }
}

/** A name that may be told: what a password leaves behind when it has a "?" looks otherwise, mostly. */
const TELLABLE = /^[A-Za-z][\w.-]{0,63}$/;

/**
 * Returns what the query of a URL says, and all that is wrong with it as predicates of the URL, which quote names of
 * parameters alone.
 *
 * @throws {URIError} where a percent sign begins no character.
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
      // A "?" in a password makes a query of its end, up to the "@" before the host.
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
  // As for libpq, an empty value is none.
  if (rule === 'left out' || value === '') return undefined;
  if (typeof rule === 'object') return `must not have the parameter ${name}: ${rule.refusal}`;
  const wrong = value.includes('\0') ? 'must not have a %00 in it' : rule(parameters, value, name);
  return wrong === undefined ? undefined : `has the parameter ${name}, whose value ${wrong}`;
}
